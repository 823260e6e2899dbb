// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import Subscriptions
import Testing

@testable import Runtime

/// What documents of pub/sub components and subscriptions must say, as a user meets it.
struct PubSubPlanTests {
    private static let component = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: {name: bus}
        spec:
          type: pubsub.in-memory

        """

    private static func subscription(_ spec: String, scopes: String = "[]") -> String {
        "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {name: s}\nspec: \(spec)\nscopes: \(scopes)\n"
    }

    private func invocation(_ documents: String...) throws -> Invocation {
        try ConfigurationFolder(["r.yaml": documents.joined(separator: "---\n")]).invocation(
            "-a", "cart", "-d", "@/r.yaml")
    }

    private func problems(_ documents: String...) throws -> [String] {
        try ConfigurationFolder(["r.yaml": documents.joined(separator: "---\n")]).problems(
            "-a", "cart", "-d", "@/r.yaml"
        ).0
    }

    @Test func `a component is made under its name, with the scopes of its document`() async throws {
        let scopes = "  metadata: [{name: subscriptionScopes, value: \"cart=orders\"}]\n"
        let plan = try #require(try invocation(Self.component + scopes).plans.pubsub.first)
        let surroundings = ComponentSurroundings(
            appID: "cart", namespace: "default", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let component = try await plan.make(surroundings)
        #expect(component.name == "bus" && component.type == "pubsub.in-memory" && component.version == "v1")
        #expect(component.scopes.maySubscribe(to: "orders") && !component.scopes.maySubscribe(to: "mails"))
        #expect(component.scopes.mayPublish(to: "mails"))
    }

    @Test func `an unknown key of a component is a warning`() throws {
        let plan = try #require(
            try invocation(Self.component + "  metadata: [{name: redisHost, value: a}]\n").plans.pubsub.first)
        #expect(plan.component.warnings.count == 1)
        #expect(plan.component.warnings.first.map { "\($0)".contains("redishost") } == true)
    }

    @Test func `a subscription is read with its rules, and one for other apps is left out`() throws {
        let mine = Self.subscription(
            #"{pubsubname: pubsub, topic: a, routes: {rules: [{match: "event.type == 'x'", path: /x}], default: /d}}"#)
        let others = Self.subscription("{pubsubname: pubsub, topic: b, routes: {default: /d}}", scopes: "[mailer]")
        let subscriptions = try invocation(mine, others).subscriptions
        #expect(subscriptions.map(\.topic) == ["a"])
        #expect(subscriptions.first?.rules.map(\.path) == ["/x"] && subscriptions.first?.defaultPath == "/d")
    }

    @Test func `a subscription may name the default only while no document names another component`() throws {
        let subscription = Self.subscription("{pubsubname: pubsub, topic: a, routes: {default: /d}}")
        #expect(try problems(subscription) == [])
        #expect(
            try problems(Self.component, subscription) == [
                #"@/r.yaml:10: spec.pubsubname: found "pubsub", expected bus"#
            ])
    }

    @Test(
        "a subscription that is wrong is refused with its place",
        arguments: [
            (
                #"{pubsubname: pubsub, topic: a, routes: {rules: [{match: "1 +", path: /x}]}}"#,
                "spec.routes.rules[0].match"
            ),
            ("{pubsubname: pubsub, topic: a}", "spec.route"), ("{topic: a, route: /x}", "spec.pubsubname"),
            ("{pubsubname: pubsub, route: /x}", "spec.topic"),
            ("{pubsubname: pubsub, topic: a, route: /x, deadLetterTopic: a}", "spec.deadLetterTopic"),
            ("{pubsubname: pubsub, topic: a, route: /x, metadata: {concurrency: 0}}", "spec.metadata.concurrency"),
            (
                "{pubsubname: pubsub, topic: a, route: /x, bulkSubscribe: {enabled: perhaps}}",
                "spec.bulkSubscribe.enabled"
            ),
        ])
    func refused(spec: String, key: String) throws {
        let found = try problems(Self.subscription(spec))
        #expect(found.count == 1, "\(found)")
        #expect(found.allSatisfy { $0.hasPrefix("@/r.yaml:") && $0.contains(" \(key): ") }, "\(found)")
    }

    @Test func `the rule's mistake is told with its position`() throws {
        let rule = #"{pubsubname: pubsub, topic: a, routes: {rules: [{match: "event.type ==", path: /x}]}}"#
        #expect(try problems(Self.subscription(rule)).first?.contains(/not a CEL expression: .*\d+/) == true)
    }
}
