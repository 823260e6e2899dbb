// SPDX-License-Identifier: Apache-2.0

import Foundation

/// `openssl s_client`, for what our own client doesn't do.
package enum OpenSSLClient {
    /// Sends a line to a server that sends it back, waits for that, and returns everything that openssl has said.
    package static func talk(port: Int, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = ["s_client", "-connect", "127.0.0.1:\(port)"] + arguments
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
        try process.run()
        input.fileHandleForWriting.write(Data("echoed\n".utf8))
        var text = ""
        while true {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            text += String(decoding: data, as: UTF8.self)
            // A ticket comes before the first data.
            if text.contains("echoed\n") { input.fileHandleForWriting.closeFile() }
        }
        process.waitUntilExit()
        return text
    }

    /// Sends a text and leaves the end to the server; returns what came and how it ended.
    package static func exchange(_ text: String, port: Int, _ arguments: [String] = []) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = ["s_client", "-connect", "127.0.0.1:\(port)", "-ign_eof"] + arguments
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
        try process.run()
        input.fileHandleForWriting.write(Data(text.utf8))
        input.fileHandleForWriting.closeFile()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    /// Whether a second connection resumes the session of the first; `between` happens in between.
    package static func resumes(
        port: Int, session: String, _ arguments: [String], between: () throws -> Void = {}
    ) throws -> Bool {
        let first = try talk(port: port, arguments + ["-sess_out", session])
        guard first.contains("\nNew, TLSv1.") else { throw CocoaError(.featureUnsupported) }
        try between()
        return try talk(port: port, arguments + ["-sess_in", session]).contains("\nReused, TLSv1.")
    }
}
