// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct TLSScan {
        private static let scanner = "/usr/bin/testssl"

        @Test(
            .enabled(
                if: FileManager.default.isExecutableFile(atPath: scanner),
                "There is no testssl.sh; ./scripts/setup test installs it."),
            .timeLimit(.minutes(5)))
        func `a scanner finds nothing above low in what HTTPS listeners speak`() throws {
            try Binary.require()
            let folder = try TemporaryFolder()
            let environment = ["OUTRIGGER_BINARY": Binary.path, "TMPDIR": folder.path]
            let scan = try ChildProcess(
                ["./scripts/scan-tls"], environment: Binary.environment(home: folder.path, environment),
                workingDirectory: FileManager.default.currentDirectoryPath)
            #expect(try scan.waitForExit(upTo: .seconds(280)) == .status(0), "\(scan.output)")
        }
    }
}
