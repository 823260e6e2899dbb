// SPDX-License-Identifier: Apache-2.0

import Logging
import TestKit
import Testing

@Suite struct EventCatalogueTests {
    @Test func `An event is read from its source, whatever its literals hold`() {
        let source = #"""
            package static func a(_ x: Int, y: [String]) -> LogEvent {
                LogEvent(
                    "app.started", x > 0 ? .warning : .info, "The \(y.joined(separator: ", ")) | \"app\" " + "of \(x).",
                    ["pid": "\(x)", "names": .array(y.map { ["k": $0] })])
            }
            package static func b() -> LogEvent { LogEvent("b.done", .error, "Done.") }
            """#
        #expect(
            EventCatalogue.entries(in: source, room: "Test") == [
                .init(
                    room: "Test", id: "app.started", level: "x > 0 ? warning : info",
                    sentence: #"The {y.joined(separator: ", ")} | "app" of {x}."#, fields: ["pid", "names"]),
                .init(room: "Test", id: "b.done", level: "error", sentence: "Done.", fields: []),
            ])
    }

    @Test func `Each event has its own id, in one form, and a sentence`() throws {
        let entries = try EventCatalogue().entries
        #expect(!entries.isEmpty)
        #expect(Set(entries.map(\.id)).count == entries.count, "two events have one id")
        for entry in entries {
            #expect(entry.id.wholeMatch(of: /[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)+/) != nil, "\(entry.id)")
            #expect(entry.sentence.first?.isUppercase == true && entry.sentence.hasSuffix("."), "\(entry.id)")
            #expect(Logger.Level.allCases.contains { entry.level.contains($0.rawValue) }, "\(entry.id)")
        }
    }

    @Test func `The reference of events is what the sources say`() throws {
        expectGolden(try EventCatalogue().markdown, at: "docs/reference/events.md")
    }
}
