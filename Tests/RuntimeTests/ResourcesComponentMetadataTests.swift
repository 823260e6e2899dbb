// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Testing

@testable import Runtime

/// From a component's written values to those that a kind is made with.
struct ResourcesComponentMetadataTests {
    private func component(_ items: [(String, ComponentDocument.Item.Source)]) -> ComponentDocument {
        ComponentDocument(
            header: ResourceHeader(name: "a", namespace: nil, scopes: [], location: place(1)), type: "t",
            typeLocation: place(2), version: nil, ignoreErrors: false, initTimeout: .seconds(5),
            metadata: items.enumerated().map { index, item in
                ComponentDocument.Item(name: item.0, source: item.1, location: place(10 + index))
            }, secretStore: nil)
    }

    private func place(_ line: Int) -> Core.SourceLocation { .file("r.yaml", line: line, column: 1) }

    private let templates = ComponentTemplates(
        appID: "cart", namespace: "shop", environment: ["POD_NAME": "pod-1", "USER_NAME": "{appID}"])

    private func problems(_ body: () throws -> Void) -> [String] {
        do {
            try body()
            return []
        } catch let problems as Problems {
            return problems.all.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    @Test func `templates and references are followed`() throws {
        let values = try component([
            ("consumerID", .text("{namespace}-{appID}-{podName}-{other}{")), ("user", .environment("USER_NAME")),
        ]).values(templates)
        #expect(values.text("CONSUMERID") == "shop-cart-pod-1-{other}{")
        #expect(values.text("user") == "{appID}")
        #expect(values.componentName == "a")
        #expect(values.values["user"]?.location == place(11))
    }

    @Test func `each uuid is another one`() throws {
        let text = try #require(try component([("a", .text("{uuid}|{uuid}"))]).values(templates).text("a"))
        let parts = text.split(separator: "|")
        #expect(parts.count == 2)
        #expect(parts.allSatisfy { $0.count == 36 })
        #expect(parts.first != parts.last)
    }

    @Test func `a reference that leads nowhere is a problem`() {
        let document = component([("a", .environment("NOWHERE")), ("b", .secret(name: "s", key: "k"))])
        #expect(
            problems { _ = try document.values(templates) } == [
                "r.yaml:10: spec.metadata.a: found nothing in the environment as NOWHERE, expected a value",
                "r.yaml:11: spec.metadata.b: found a secretKeyRef, expected a value or an envRef, "
                    + "as there are no secret stores yet",
            ])
    }

    private let settings = [
        ComponentSetting("connectionString", isRequired: true, isSecret: true, "Where."),
        ComponentSetting("timeout", .duration, "How long."), ComponentSetting("limit", .integer, "How many."),
        ComponentSetting("disableWAL", .boolean, "Whether."),
        ComponentSetting("password", .integer, isSecret: true, "What."),
    ]

    @Test func `values that fit are taken`() throws {
        let values = try component([
            ("connectionstring", .text("x")), ("timeout", .text("5s")), ("limit", .text("-1")),
            ("disableWAL", .text("Yes")),
            ("password", .text("")),
        ]).values(templates)
        #expect(try values.check(against: settings).isEmpty)
    }

    @Test func `values that don't fit are problems, without secrets`() throws {
        let values = try component([
            ("timeout", .text("5 s")), ("limit", .text("x")), ("disableWAL", .text("maybe")),
            ("password", .text("hunter")),
        ]).values(templates)
        #expect(
            problems { _ = try values.check(against: settings) } == [
                "r.yaml:1: spec.metadata.connectionString: found nothing, expected text",
                "r.yaml:10: spec.metadata.timeout: found \"5 s\", expected a duration, such as 200ms, "
                    + "1m30s, or 20 for seconds",
                "r.yaml:11: spec.metadata.limit: found \"x\", expected a whole number",
                "r.yaml:12: spec.metadata.disableWAL: found \"maybe\", expected true or false",
                "r.yaml:13: spec.metadata.password: found a value, expected a whole number",
            ])
    }

    @Test func `a key that the kind doesn't know is a warning`() throws {
        let values = try component([("connectionString", .text("x")), ("timeot", .text("5s")), ("zebra", .text(""))])
            .values(templates)
        #expect(
            try values.check(against: settings).map(\.description) == [
                "r.yaml:11: spec.metadata.timeot: found an unknown key; it is left out, expected timeout, perhaps",
                "r.yaml:12: spec.metadata.zebra: found an unknown key; it is left out",
            ])
    }

    private struct Nothing: Sendable {}

    private var kind: ComponentKind<Nothing> {
        ComponentKind(type: "t", versions: ["v1", "v2"], settings: settings) { _, _ in Nothing() }
    }

    @Test func `a kind gets its values with the warnings`() throws {
        var document = component([("connectionString", .text("{appID}")), ("zebra", .text(""))])
        document.version = "v2"
        let (values, warnings) = try document.metadata(for: kind, templates)
        #expect(values.text("connectionString") == "cart")
        #expect(warnings.count == 1)
    }

    @Test func `a version that the kind doesn't have is a problem`() {
        var document = component([("connectionString", .text("x"))])
        document.version = "v3"
        #expect(
            problems { _ = try document.metadata(for: kind, templates) } == [
                "r.yaml:1: spec.version: found \"v3\", expected v1 or v2 of t"
            ])
    }

    @Test func `an unknown type is a problem with a suggestion`() {
        var document = component([])
        document.type = "state.sqlit"
        let known = ["state.in-memory", "state.sqlite"]
        #expect(
            document.unknownType(known: known).description
                == "r.yaml:2: spec.type: found \"state.sqlit\", expected state.sqlite, perhaps")
        document.type = "pubsub.kafka"
        #expect(document.unknownType(known: known).message.hasSuffix("expected state.in-memory or state.sqlite"))
    }
}
