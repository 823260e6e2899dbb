// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging

/// Files that a test makes and takes away again.
enum TemporaryFile {
    /// A path at which nothing is.
    static func path(_ name: String) -> String { "/tmp/outrigger-\(name)-\(getpid())-\(UInt64.random(in: 0 ... .max))" }

    /// What is in a file, which is gone then.
    static func take(_ path: String) throws -> String {
        defer { unlink(path) }
        return try read(path)
    }

    static func read(_ path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw AccessLogMissing(path: path) }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = part.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += part[..<count]
        }
    }
}

struct AccessLogMissing: Error {
    let path: String
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
