// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Certificates for tests, made by openssl in a folder that goes away with this: an authority of their own, and what it
/// signs.
package final class TestCertificates: Sendable {
    package let folder: String
    private let count = Atomic(0)

    package struct Issued: Sendable {
        /// PEM files.
        package var certificate: String
        package var key: String
        package var request: String
    }

    package struct OpenSSLFailure: Error { package var text: String }

    package init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/outrigger-tls-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try run(
            ["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=Test authority", "-keyout", path("ca.key")]
                + ["-out", authority] + Self.newKey("ec"))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// The authority's certificate, a PEM file.
    package var authority: String { path("ca.pem") }

    package func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Signs a certificate for `names`, such as `DNS:localhost,IP:127.0.0.1`.
    ///
    /// - Parameter kind: `ec` or `rsa`.
    package func issue(
        _ name: String, for names: String = "DNS:localhost,IP:127.0.0.1", days: Int = 20, kind: String = "ec"
    ) throws -> Issued {
        // Two of one name are two.
        let name = "\(name)-\(count.add(1, ordering: .relaxed).newValue)"
        let issued = Issued(
            certificate: path("\(name).pem"), key: path("\(name)-key.pem"), request: path("\(name).csr"))
        try run(
            ["req", "-new", "-nodes", "-subj", "/CN=Test", "-addext", "subjectAltName=\(names)"]
                + ["-keyout", issued.key, "-out", issued.request] + Self.newKey(kind))
        try run(
            ["x509", "-req", "-in", issued.request, "-CA", authority, "-CAkey", path("ca.key"), "-days", "\(days)"]
                + ["-copy_extensions", "copy", "-out", issued.certificate])
        return issued
    }

    /// Writes a file into the folder and returns its path.
    package func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: path(name), atomically: false, encoding: .utf8)
        return path(name)
    }

    /// Puts the content of a file into another that is there, which keeps its name.
    package func copy(_ path: String, over other: String) throws {
        let content = try Data(contentsOf: URL(fileURLWithPath: path))
        try content.write(to: URL(fileURLWithPath: other))
    }

    package func copy(_ issued: Issued, over other: Issued) throws {
        try copy(issued.certificate, over: other.certificate)
        try copy(issued.key, over: other.key)
    }

    /// Runs openssl with these arguments.
    package func run(_ arguments: [String]) throws { _ = try output(arguments) }

    /// Runs openssl with these arguments; returns what it says.
    package func output(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw OpenSSLFailure(text: text) }
        return text
    }

    private static func newKey(_ kind: String) -> [String] {
        kind == "rsa" ? ["-newkey", "rsa:2048"] : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    }
}
