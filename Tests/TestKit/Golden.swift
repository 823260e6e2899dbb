// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Testing

/// The root of the repository, where this file lies in Tests/TestKit.
package let repositoryRoot = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

/// Expects the file at `relativePath` (from the repository's root) to hold exactly `text`.
///
/// With `OUTRIGGER_UPDATE_GOLDEN=1` in the environment the file is written instead: the one way to bring a generated
/// file up to date. The first line that differs is shown, since a whole document says little.
package func expectGolden(
    _ text: String, at relativePath: String, sourceLocation: Testing.SourceLocation = #_sourceLocation
) {
    let path = repositoryRoot + "/" + relativePath
    if ProcessInfo.processInfo.environment["OUTRIGGER_UPDATE_GOLDEN"] == "1" {
        #expect(throws: Never.self, sourceLocation: sourceLocation) {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        return
    }
    let golden = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    guard golden != text else { return }
    let expected = text.split(separator: "\n", omittingEmptySubsequences: false)
    let found = golden.split(separator: "\n", omittingEmptySubsequences: false)
    let line = zip(expected, found).prefix { $0 == $1 }.count
    Issue.record(
        """
        \(relativePath) isn't what the sources say, from line \(line + 1):
          found:    \(line < found.count ? found[line] : "(end)")
          expected: \(line < expected.count ? expected[line] : "(end)")
        To write it anew: OUTRIGGER_UPDATE_GOLDEN=1 swift test --filter <this test>
        """, sourceLocation: sourceLocation)
}
