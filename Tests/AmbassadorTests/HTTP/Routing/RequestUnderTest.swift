// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import WireHTTP

@testable import Ambassador

/// A request's head as it comes, with where its parts lie.
struct RequestUnderTest {
    let bytes: [UInt8]
    let head: HTTPHeadScan

    init(bytes: [UInt8], head: HTTPHeadScan) {
        self.bytes = bytes
        self.head = head
    }

    /// - Parameter line: method and target; each field is a line.
    init(_ line: String, _ fields: String...) throws { try self.init(line, fields) }

    init(_ line: String, _ fields: [String], version: String = "HTTP/1.1") throws {
        let host = version == "HTTP/1.0" || fields.contains { $0.hasPrefix("host:") } ? [] : ["host: example.com"]
        let bytes = Array((["\(line) \(version)"] + host + fields + ["", ""]).joined(separator: "\r\n").utf8)
        var scan = HTTPHeadScan()
        _ = try scan.scanRequest(bytes.span)
        self.init(bytes: bytes, head: scan)
    }

    /// The name of its route.
    func route(in table: RouteTable, isSecure: Bool = false) throws -> String? {
        try table.match(head, bytes.span, isSecure: isSecure)?.name
    }

    /// What is written of it.
    func written(_ write: (borrowing HTTPHeadScan, borrowing Span<UInt8>, inout ByteBuffer) -> Void) -> String {
        var buffer = ByteBuffer()
        write(head, bytes.span, &buffer)
        return String(buffer: buffer)
    }
}

extension RouteTable {
    /// A table of routes that lead to an upstream `v`, each changed as its name says.
    static func of(_ routes: [(String, (inout RouteConfiguration) -> Void)]) -> RouteTable {
        var proxy = HTTPProxyConfiguration.serving(["v"])
        for (name, change) in routes {
            var route = RouteConfiguration()
            route.to = "v"
            change(&route)
            proxy.routes[name] = route
        }
        return RouteTable(proxy)
    }

    /// A table of routes that are named by their paths.
    static func ofPaths(_ paths: String...) -> RouteTable {
        of(paths.map { path in (path, { $0.match.path = PathPattern(text: path) ?? .exact("/wrong") }) })
    }
}
