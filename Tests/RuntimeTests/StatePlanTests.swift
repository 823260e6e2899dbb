// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import Testing

@testable import Runtime

/// What a document of a state store must say, as a user meets it: on a command line that names the document.
struct StatePlanTests {
    private static let head = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: orders}\n"

    private func problems(_ text: String) throws -> [String] {
        let (lines, status) = try ConfigurationFolder(["r.yaml": text]).problems("-a", "cart", "-d", "@/r.yaml")
        #expect(status == (lines.isEmpty ? 0 : 78))
        return lines
    }

    private func plan(_ metadata: String) throws -> StatePlan {
        let folder = try ConfigurationFolder([
            "r.yaml": Self.head + "spec:\n  type: state.in-memory\n  metadata: [\(metadata)]\n"
        ])
        return try #require(try folder.invocation("-a", "cart", "-d", "@/r.yaml").plans.state.first)
    }

    @Test(
        "a document that asks for what isn't there is refused with its place",
        arguments: [
            (
                "spec: {type: state.sqlit}",
                "@/r.yaml:4: spec.type: found \"state.sqlit\", expected state.sqlite, perhaps"
            ),
            (
                "spec:\n  version: v1\n  type: pubsub.kafka",
                "@/r.yaml:6: spec.type: found \"pubsub.kafka\", expected pubsub.in-memory, state.in-memory or "
                    + "state.sqlite"
            ),
            (
                "spec: {type: state.in-memory, version: v3}",
                "@/r.yaml:1: spec.version: found \"v3\", expected v1 of state.in-memory"
            ),
            (
                "spec:\n  type: state.in-memory\n  metadata:\n  - {name: keyPrefix, value: a||b}",
                "@/r.yaml:7: spec.metadata.keyPrefix: found \"a||b\", expected a text without ||"
            ),
            (
                "spec: {type: state.sqlite}",
                "@/r.yaml:1: spec.metadata.connectionString: found nothing, expected text"
            ),
            (
                "spec:\n  type: state.in-memory\n  metadata:\n  - {name: password, secretKeyRef: {name: s}}",
                "@/r.yaml:7: spec.metadata.password: found a secretKeyRef, expected a value or an envRef, "
                    + "as there are no secret stores yet"
            ),
        ])
    func refused(spec: String, expected: String) throws { #expect(try problems(Self.head + spec) == [expected]) }

    @Test func `what is wrong with several documents is said at once`() throws {
        let other = Self.head.replacing("orders", with: "carts")
        let lines = try problems(Self.head + "spec: {type: state.x}\n---\n" + other + "spec: {type: state.sqlite}\n")
        #expect(lines.map { $0.split(separator: " ")[1] } == ["spec.type:", "spec.metadata.connectionString:"])
    }

    @Test func `errors that may be ignored are those of the start, not those of the document`() throws {
        #expect(try problems(Self.head + "spec: {type: state.x, ignoreErrors: true}").count == 1)
    }

    @Test func `a document for another app may ask for anything`() throws {
        #expect(try problems(Self.head + "spec: {type: state.x}\nscopes: [other]").isEmpty)
    }

    @Test func `a key that the kind doesn't know is a warning, and keyPrefix is known to all`() throws {
        let folder = try ConfigurationFolder([
            "r.yaml": Self.head + """
                spec:
                  type: state.sqlite
                  metadata:
                  - {name: connectionString, value: "data.db"}
                  - {name: busyTimeot, value: 1s}
                  - {name: keyprefix, value: none}
                  - {name: actorStateStore, value: "true"}
                """
        ])
        let notes = try folder.invocation("-a", "cart", "-d", "@/r.yaml").notes
        #expect(
            notes.map { $0.replacing(folder.path, with: "@") } == [
                "warning: @/r.yaml:10: spec.metadata.actorstatestore: found an unknown key; it is left out",
                "warning: @/r.yaml:8: spec.metadata.busytimeot: found an unknown key; it is left out, "
                    + "expected busyTimeout, perhaps",
            ])
    }

    @Test(
        "a plan makes its store under the document's name, with its prefix",
        arguments: [
            ("", "cart||k"), ("{name: keyPrefix, value: NAME}", "orders||k"),
            ("{name: keyPrefix, value: namespace}", "shop.cart||k"), ("{name: keyPrefix, value: none}", "k"),
            ("{name: keyPrefix, value: shared}", "shared||k"),
        ])
    func made(metadata: String, key: String) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let component = try await plan(metadata).make(
            ComponentSurroundings(appID: "cart", namespace: "shop", logger: logger))
        #expect(component.name == "orders")
        #expect(component.type == "state.in-memory")
        #expect(component.version == "v1")
        #expect(try component.storedKey("k") == key)
    }

    @Test func `the catalogue's types are in alphabetical order`() {
        #expect(Catalog.all.types == ["pubsub.in-memory", "state.in-memory", "state.sqlite"])
        #expect(Catalog(state: Catalog.all.state.reversed()).types == ["state.in-memory", "state.sqlite"])
        #expect(Catalog(state: []).types.isEmpty)
    }
}
