// SPDX-License-Identifier: Apache-2.0

import Core
import Testing

@testable import Runtime

struct ResourcesTests {
    private let store = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: {name: orders, namespace: shop}
        spec:
          type: state.sqlite
          metadata:
          - {name: connectionString, value: ":memory:"}
        scopes: [cart, other]
        """

    private let everyField = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: {name: orders, namespace: shop}
        auth: {secretStore: vault}
        spec:
          type: state.sqlite
          version: v1
          ignoreErrors: true
          initTimeout: 10s
          metadata:
          - {name: connectionString, value: "data.db"}
          - name: cleanupInterval
            value: 3
          - {name: disableWAL, value: false}
          - {name: empty, value: ""}
          - {name: password, secretKeyRef: {name: orders, key: password}}
          - {name: tableName, envRef: TABLE}
        scopes: [cart, other]
        """

    private func components(_ invocation: Invocation) -> [ComponentDocument] {
        invocation.resources.compactMap { if case .component(let component) = $0 { component } else { nil } }
    }

    @Test func `a component is read whole`() throws {
        let folder = try ConfigurationFolder(["store.yaml": everyField])
        let file = folder.path + "/store.yaml"
        var loader = ResourceLoader()
        loader.read(ConfigurationFile(path: file, origin: .builtIn, key: "resources"))
        let documents = loader.documents(appID: "cart", namespace: "shop")
        guard loader.problems.isEmpty, case .component(let component) = documents.first else {
            Issue.record("not read: \(loader.problems)")
            return
        }
        #expect(
            component.header
                == ResourceHeader(
                    name: "orders", namespace: "shop", scopes: ["cart", "other"],
                    location: .file(file, line: 1, column: 1)))
        #expect(component.type == "state.sqlite")
        #expect(component.typeLocation == .file(file, line: 6, column: 9))
        #expect(component.version == "v1")
        #expect(component.ignoreErrors)
        #expect(component.initTimeout == .seconds(10))
        #expect(component.secretStore == "vault")
        let names = ["connectionString", "cleanupInterval", "disableWAL", "empty", "password", "tableName"]
        #expect(component.metadata.map(\.name) == names)
        #expect(
            component.metadata.map(\.source) == [
                .text("data.db"), .text("3"), .text("false"), .text(""), .secret(name: "orders", key: "password"),
                .environment("TABLE"),
            ])
        #expect(component.metadata[1].location == .file(file, line: 13, column: 12))
    }

    @Test func `files of a folder are read in the order of their names, with all their documents`() throws {
        let component = { (name: String) in
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: \(name)}\nspec: {type: state.in-memory}\n"
        }
        let folder = try ConfigurationFolder([
            "r/b.yml": component("three"), "r/a.yaml": component("one") + "---\n---\n" + component("two"),
            "r/c.json": "not read", "r/sub/d.yaml": component("four"), "extra.yaml": component("five"),
        ])
        let invocation = try folder.invocation("-a", "x", "-d", "@/r", "-d", "@/extra.yaml")
        #expect(components(invocation).map(\.name) == ["one", "two", "three", "five"])
        let first = try #require(components(invocation).first)
        #expect(first.initTimeout == .seconds(5))
        #expect(first.version == nil)
        #expect(!first.ignoreErrors)
    }

    @Test(
        "a component for another app or another namespace is left out",
        arguments: [("cart", "shop", 1), ("third", "shop", 0), ("cart", "default", 0)])
    func scopes(appID: String, namespace: String, count: Int) throws {
        let folder = try ConfigurationFolder(["r/a.yaml": store])
        let invocation = try folder.invocation("-a", appID, "-d", "@/r", environment: ["NAMESPACE": namespace])
        #expect(invocation.resources.count == count)
    }

    @Test(
        "the other kinds are told apart and said to be unused",
        arguments: ["Configuration", "Resiliency"])
    func otherKinds(kind: String) throws {
        let folder = try ConfigurationFolder([
            "r.yaml": "apiVersion: dapr.io/v2alpha1\nkind: \(kind)\nmetadata: {name: a}\nspec: {any: [thing]}\n"
        ])
        let invocation = try folder.invocation("-a", "x", "-d", "@/r.yaml")
        guard case .unused(let read, let header, let node) = invocation.resources.first else {
            Issue.record("not recognised")
            return
        }
        #expect(read.rawValue == kind)
        #expect(header.name == "a")
        #expect(node["spec"]?["any"] != nil)
        #expect(invocation.notes.count == 1)
    }

    @Test func `documents of others are left out with a warning`() throws {
        let folder = try ConfigurationFolder(["r/a.yaml": "apiVersion: v1\nkind: Service\n---\n3\n"])
        let invocation = try folder.invocation("-a", "x", "-d", "@/r")
        #expect(invocation.resources.isEmpty)
        #expect(invocation.notes.map { $0.hasSuffix("it is left out") } == [true, true])
    }

    @Test func `two apps may each have a component of one name`() throws {
        let component = { (app: String) in
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: s}\n"
                + "spec: {type: state.in-memory}\nscopes: [\(app)]\n"
        }
        let folder = try ConfigurationFolder(["r.yaml": component("x") + "---\n" + component("y")])
        #expect(try folder.invocation("-a", "x", "-d", "@/r.yaml").resources.count == 1)
    }
}

struct ResourcesProblemTests {
    private func problems(_ text: String) throws -> [String] {
        let (lines, status) = try ConfigurationFolder(["r.yaml": text]).problems("-a", "x", "-d", "@/r.yaml")
        #expect(status == (lines.isEmpty ? 0 : 78))
        return lines
    }

    private static let head = "apiVersion: dapr.io/v1alpha1\nkind: Component\n"

    @Test(
        "a malformed document is a line with its place",
        arguments: [
            ("apiVersion: dapr.io/v1\nmetadata: {name: a}", "@/r.yaml:1: kind: found nothing, expected text"),
            (
                "apiVersion: dapr.io/v1\nkind: Componet\nmetadata: {name: a}",
                "@/r.yaml:2: kind: found \"Componet\", "
                    + "expected Component, Subscription, HTTPEndpoint, Configuration or Resiliency"
            ),
            (
                "apiVersion: dapr.io/v9\nkind: Component\nmetadata: {name: a}\nspec: {type: state.in-memory}",
                "@/r.yaml:1: apiVersion: found \"dapr.io/v9\", expected dapr.io/v1alpha1"
            ),
            (head + "spec: {type: state.in-memory}", "@/r.yaml:1: metadata.name: found nothing, expected text"),
            (
                head + "metadata: {name: [a]}\nspec: {type: state.in-memory}",
                "@/r.yaml:3: metadata.name: found a list, expected text"
            ),
            (head + "metadata: {name: a}", "@/r.yaml:1: spec.type: found nothing, expected text"),
            (head + "metadata: {name: a}\nspec: 3", "@/r.yaml:4: spec: found \"3\", expected a table"),
            (head + "metadata: {name: a}\nspec:\n  version: v1", "@/r.yaml:5: spec.type: found nothing, expected text"),
            (
                head + "metadata: {name: a}\nspec: {type: state.in-memory, ignoreErrors: maybe}",
                "@/r.yaml:4: spec.ignoreErrors: found \"maybe\", expected true or false"
            ),
            (
                head + "metadata: {name: a}\nspec: {type: state.in-memory, initTimeout: 5}",
                "@/r.yaml:4: spec.initTimeout: found \"5\", "
                    + "expected a duration from 0s to 8760h, such as 200ms or 1m30s"
            ),
            (
                head + "metadata: {name: a}\nspec: {type: state.in-memory, metadata: {a: b}}",
                "@/r.yaml:4: spec.metadata: found a table, expected a list"
            ),
            (
                head + "metadata: {name: a}\nspec:\n  type: state.in-memory\n  metadata:\n  - x",
                "@/r.yaml:7: spec.metadata: found \"x\", expected a table"
            ),
            (
                head + "metadata: {name: a}\nspec:\n  type: state.in-memory\n  metadata:\n  - value: x",
                "@/r.yaml:7: spec.metadata.name: found nothing, expected text"
            ),
            (
                head + "metadata: {name: a}\nspec:\n  type: state.in-memory\n  metadata:\n  - name: x",
                "@/r.yaml:7: spec.metadata.x: found nothing, expected a value, an envRef or a secretKeyRef"
            ),
            (
                head + "metadata: {name: a}\nspec:\n  type: state.in-memory\n  metadata:\n  - {name: x, value: [1]}",
                "@/r.yaml:7: spec.metadata.x: found a list, expected text, a number or a boolean"
            ),
            (
                head
                    + "metadata: {name: a}\nspec:\n  type: state.in-memory\n  metadata:\n"
                    + "  - {name: x, secretKeyRef: {key: k}}",
                "@/r.yaml:7: spec.metadata.x.secretKeyRef.name: found nothing, expected text"
            ),
            (
                head
                    + "metadata: {name: a}\nspec:\n  type: state.in-memory\n  metadata:\n"
                    + "  - {name: x, value: 1}\n  - {name: X, value: 2}",
                "@/r.yaml:8: spec.metadata.X: found a second time, expected once; it is at @/r.yaml:7"
            ),
            (
                head + "metadata: {name: a}\nspec: {type: state.in-memory}\nscopes: a",
                "@/r.yaml:5: scopes: found \"a\", expected a list"
            ),
            (
                head + "metadata: {name: a}\nspec: {type: state.in-memory}\nscopes: [[a]]",
                "@/r.yaml:5: scopes: found a list in the list, expected text"
            ),
            (
                head + "metadata: {name: a}\nauth: x\nspec: {type: state.in-memory}",
                "@/r.yaml:4: auth: found \"x\", expected a table"
            ),
        ])
    func malformed(text: String, expected: String) throws { #expect(try problems(text) == [expected]) }

    @Test func `a file that does not parse is named with its line`() throws {
        let lines = try problems("a: [\n")
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("@/r.yaml:2: found text that is not YAML: ") == true)
    }

    @Test func `two components of one name are named with both places`() throws {
        let component = Self.head + "metadata: {name: a}\nspec: {type: state.in-memory}\n"
        #expect(
            try problems(component + "---\n" + component) == [
                "@/r.yaml:6: metadata.name: found a second component \"a\", expected one; the first is at @/r.yaml:1"
            ])
    }

    @Test func `an unknown key is a warning with a suggestion`() throws {
        let folder = try ConfigurationFolder([
            "r.yaml": Self.head
                + "metadata: {name: a, labels: {}}\nscope: [b]\nspec: {type: state.in-memory, ignoreError: true}\n"
        ])
        let invocation = try folder.invocation("-a", "x", "-d", "@/r.yaml")
        #expect(
            invocation.notes.map { $0.replacing(folder.path, with: "@") } == [
                "warning: @/r.yaml:4: scope: found an unknown key; it is left out, expected scopes, perhaps",
                "warning: @/r.yaml:5: spec.ignoreError: found an unknown key; it is left out, "
                    + "expected ignoreErrors, perhaps",
            ])
    }

    @Test func `a folder with too many files is refused`() throws {
        let folder = try ConfigurationFolder()
        for index in 0...1000 { try folder.write("", to: "r/\(index).yaml") }
        #expect(
            folder.problems("-a", "x", "-d", "@/r").lines == [
                "flag -d: resources: found 1001 YAML files in \"@/r\", expected at most 1000"
            ])
    }
}
