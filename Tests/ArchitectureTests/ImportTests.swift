// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct ImportTests {
    /// The module that a line imports; `import struct Core.Version` imports Core.
    static func module(importedBy line: String) -> String? {
        let pattern =
            #/
            ^\s* (?: @\w+ (?:\(\w+\))? \s+ )*
            (?: (?:public|package|internal|fileprivate|private) \s+ )?
            import \s+ (?: (?:struct|class|enum|protocol|func|typealias|let|var) \s+ )?
            (\w+)
            /#
        return line.firstMatch(of: pattern).map { String($0.1) }
    }

    @Test func `imports point down only`() {
        for file in SourceTree.sources where file.isSwift {
            guard let room = House.room(of: file) else { continue }
            for (index, line) in file.code.enumerated() {
                guard let module = Self.module(importedBy: line),
                    let objection = House.objection(to: module, in: room, of: file)
                else { continue }
                Issue.record("\(file.place(index)): \(objection)")
            }
        }
    }

    @Test func `every source file belongs to a room of the table`() {
        for file in SourceTree.sources where House.room(of: file) == nil && !House.isC(file) {
            Issue.record("\(file.path): its folder is no room of House.rooms")
        }
    }

    @Test(
        "A module is recognised in each form of import",
        arguments: [
            ("import Core", "Core"),
            ("package import NIOCore", "NIOCore"),
            ("@testable import struct Sidecar.PortProbe", "Sidecar"),
            ("@preconcurrency internal import Metrics", "Metrics"),
            ("let important = 1", nil),
        ])
    func forms(_ row: (line: String, module: String?)) {
        #expect(Self.module(importedBy: row.line) == row.module)
    }

    @Test(
        "The table objects to what the design forbids",
        arguments: [
            ("Runtime", "SQLiteEngine", true), ("Runtime", "Core", true), ("HTTPAPI", "Subscriptions", true),
            ("SQLiteClient", "CSQLite", true), ("Telemetry", "Settings", true),
            ("HTTPAPI", "FoundationEssentials", true),
            ("HTTPAPI", "SQLiteEngine", false), ("outrigger", "SQLiteEngine", false), ("HTTPAPI", "Sidecar", false),
            ("Core", "Settings", false), ("SQLiteEngine", "HTTPAPI", false), ("Runtime", "CSQLite", false),
            ("Core", "FoundationEssentials", false), ("Runtime", "Foundation", false), ("Sidecar", "Dispatch", false),
        ])
    func table(_ row: (room: String, module: String, isAllowed: Bool)) throws {
        let room = try #require(House.rooms.first { $0.module == row.room })
        let file = SourceFile(path: "Sources/\(room.folder)/Any.swift", text: "")
        #expect((House.objection(to: row.module, in: room, of: file) == nil) == row.isAllowed)
    }
}
