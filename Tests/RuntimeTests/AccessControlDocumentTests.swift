// SPDX-License-Identifier: Apache-2.0

import AppInvocation
import Core
import HTTPAPI
import Testing
import WireHTTP

@testable import Runtime

/// `spec.accessControl` of documents of `kind: Configuration`.
@Suite struct AccessControlDocumentTests {
    private static func document(_ accessControl: String) -> String {
        "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {name: c}\nspec:\n  accessControl:\n"
            + accessControl.split(separator: "\n").map { "    \($0)\n" }.joined()
    }

    private static func read(_ accessControl: String) throws -> Invocation {
        try ConfigurationFolder(["c.yaml": document(accessControl)]).invocation("-a", "x", "-c", "@/c.yaml")
    }

    private static func problems(_ accessControl: String) throws -> [String] {
        try ConfigurationFolder(["c.yaml": document(accessControl)]).problems("-a", "x", "-c", "@/c.yaml").lines
    }

    @Test func `a document as Dapr's own docs have it is understood`() throws {
        let invocation = try Self.read(
            """
            defaultAction: deny
            trustDomain: "shop"
            policies:
            - appId: cart
              defaultAction: Deny
              trustDomain: 'public'
              namespace: "default"
              operations:
              - name: /orders
                httpVerb: ['POST', 'get']
                action: Allow
              - name: /orders/*/items
                httpVerb: ['*']
                action: deny
            """)
        let control = try #require(invocation.accessControl)
        #expect(control.defaultAction == .deny && control.trustDomain == "shop" && invocation.notes == [])
        let cart = AccessControl.Caller(appID: "cart", namespace: "default")
        #expect(control.action(for: cart, .post, target: "/orders") == .allow)
        #expect(control.action(for: cart, .get, target: "/orders/7") == .allow)
        #expect(control.action(for: cart, .delete, target: "/orders/7") == .deny)
        #expect(control.action(for: cart, .get, target: "/orders/7/items") == .deny)
    }

    @Test func `what isn't said is denied, unless nothing is said`() throws {
        #expect(try Self.read("policies: []").accessControl == nil)
        #expect(try Self.read("defaultAction: allow").accessControl?.defaultAction == .allow)
        #expect(try Self.read("trustDomain: shop").accessControl?.defaultAction == .allow)
        let policy = "policies: [{appId: a, trustDomain: public, namespace: default}]"
        #expect(try Self.read(policy).accessControl?.defaultAction == .deny)
    }

    @Test(
        arguments: [
            (
                "defaultAction: refuse",
                ["@/c.yaml:6: spec.accessControl.defaultAction: found \"refuse\", expected allow or deny"]
            ),
            (
                "policies:\n- defaultAction: allow",
                [
                    "@/c.yaml:7: spec.accessControl.policies.appId: found nothing, expected text",
                    "@/c.yaml:7: spec.accessControl.policies.trustDomain: found nothing, expected text",
                    "@/c.yaml:7: spec.accessControl.policies.namespace: found nothing, expected text",
                ]
            ),
            (
                "policy: []",
                [
                    "@/c.yaml:6: spec.accessControl.policy: found an unknown key, expected defaultAction, trustDomain "
                        + "or policies"
                ]
            ),
            (
                "policies:\n- {appId: a, trustDomain: public, namespace: n}\n"
                    + "- {appId: a, trustDomain: public, namespace: n}",
                [
                    "@/c.yaml:8: spec.accessControl.policies: found a second policy of spiffe://public/ns/n/a, "
                        + "expected one"
                ]
            ),
            (
                "policies:\n- appId: a\n  trustDomain: public\n  namespace: n\n  operations:\n"
                    + "  - {name: /a/**/b, httpVerb: [FETCH], action: allow}\n  - {httpVerb: [GET]}",
                [
                    "@/c.yaml:11: spec.accessControl.policies.operations.name: found \"/a/**/b\", expected a path such "
                        + "as /orders, with /* or /** at its end only",
                    "@/c.yaml:11: spec.accessControl.policies.operations.httpVerb: found \"FETCH\", expected GET, "
                        + "HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, CONNECT or *",
                    "@/c.yaml:12: spec.accessControl.policies.operations.name: found nothing, expected text",
                    "@/c.yaml:12: spec.accessControl.policies.operations.action: found nothing, expected allow or deny",
                ]
            ),
        ] as [(String, [String])])
    func `what isn't understood stops the start`(text: String, expected: [String]) throws {
        #expect(try Self.problems(text) == expected)
    }

    @Test func `an operation without verbs means no request, and that is said`() throws {
        let invocation = try Self.read(
            "policies:\n- {appId: a, trustDomain: public, namespace: n, operations: [{name: /a, action: allow}]}")
        #expect(invocation.notes.count == 1 && invocation.notes[0].contains("without them the operation means no"))
        let caller = AccessControl.Caller(appID: "a", namespace: "n")
        #expect(invocation.accessControl?.action(for: caller, .get, target: "/a") == .deny)
    }

    @Test func `two access controls are a problem, and so are too many policies`() throws {
        let one = Self.document("defaultAction: allow")
        let folder = try ConfigurationFolder(["c.yaml": one + "---\n" + one])
        #expect(
            folder.problems("-a", "x", "-c", "@/c.yaml").lines == [
                "@/c.yaml:13: spec.accessControl: found a second access control, expected one"
            ])
        let policy = "{appId: a, trustDomain: public, namespace: n}"
        let many = Array(repeating: policy, count: DaprAccessControl.policiesMax + 1).joined(separator: ",")
        #expect(
            try Self.problems("policies: [\(many)]") == [
                "@/c.yaml:6: spec.accessControl.policies: found 4097, expected at most 4096"
            ])
    }
}
