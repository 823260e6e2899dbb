// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The release binary, when somebody has built it: full Foundation, and with it 49 MB of ICU, came in unnoticed once.
@Suite(.enabled(if: ReleaseBinary.exists, "There is no release binary; ./scripts/build makes it."))
struct BinaryTests {

    @Test func `the binary links no Foundation library`() throws {
        for line in try dynamicSection().split(separator: "\n") where line.contains("(NEEDED)") {
            if line.contains("Foundation") { Issue.record("\(ReleaseBinary.path): \(line)") }
        }
    }

    @Test("The binary holds no ICU", arguments: ["_FoundationICU", "icudt", "ucol_open"])
    func icu(mark: String) throws {
        let binary = try Data(contentsOf: URL(fileURLWithPath: ReleaseBinary.path), options: .alwaysMapped)
        #expect(binary.range(of: Data(mark.utf8)) == nil, "\(ReleaseBinary.path) contains \(mark)")
    }

    private func dynamicSection() throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/readelf")
        process.arguments = ["-d", ReleaseBinary.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}

private enum ReleaseBinary {
    static let path = "\(SourceTree.root)/.build/release/outrigger"
    static var exists: Bool { FileManager.default.fileExists(atPath: path) }
}
