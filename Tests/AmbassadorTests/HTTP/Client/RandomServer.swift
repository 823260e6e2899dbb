// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestKit

/// One request of a test with random ones: everything of it follows from its number.
struct RandomRequest: Sendable {
    let number: Int

    /// A server says so if it got another one.
    var body: String { String(repeating: "\(number);", count: number * 7 % 300) }
    /// What the response to it has, and no other one.
    var answer: String { String(repeating: "\(number),", count: number % 40 == 0 ? 40_000 : number * 31 % 3000) }
    var method: String { ["GET", "PUT", "PUT", "HEAD", "POST", "DELETE"][number % 6] }
    var isChunked: Bool { number % 4 == 1 }
    var hasBody: Bool { method == "PUT" || method == "POST" }

    init(number: Int) { self.number = number }

    /// As it is sent.
    func text(_ numbers: inout SeededNumbers) -> String {
        let head = "\(method) /\(number) HTTP/1.1\r\nHost: a\r\n"
        guard hasBody else { return head + "\r\n" }
        guard isChunked else { return head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body }
        return head + "Transfer-Encoding: chunked\r\n\r\n" + body.chunks(&numbers)
    }
}

extension String {
    /// Cut at random places into so many pieces.
    func pieces(_ count: Int, _ numbers: inout SeededNumbers) -> [Substring] {
        var rest = self[...]
        var pieces: [Substring] = []
        for _ in 1..<max(count, 1) where rest.utf8.count > 1 {
            let length = Int.random(in: 1..<rest.utf8.count, using: &numbers)
            pieces.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return pieces + [rest]
    }

    /// As a body of chunks, with its end.
    func chunks(_ numbers: inout SeededNumbers) -> String {
        let pieces = pieces(Int.random(in: 1...5, using: &numbers), &numbers).filter { !$0.isEmpty }
        return pieces.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined() + "0\r\n\r\n"
    }
}

/// A server that answers random requests in random ways, some of them wrong.
final class RandomServer: Sendable {
    private enum Fault: CaseIterable { case closes, resets, dies, refuses, stalls, answersEarly }

    private let numbers: Mutex<SeededNumbers>

    private init(seed: UInt64) { numbers = Mutex(SeededNumbers(seed: seed)) }

    static func make(seed: UInt64) throws -> ScriptedServer {
        let server = RandomServer(seed: seed)
        return try ScriptedServer { connection in while try server.serve(connection) {} }
    }

    /// Serves one request; false at the connection's end.
    private func serve(_ connection: ServedConnection) throws -> Bool {
        let head = try connection.readHead()
        let line = head[0].split(separator: " ")
        guard let number = Int(line[1].dropFirst()) else { return false }
        var numbers = self.numbers.withLock { SeededNumbers(seed: $0.next()) }
        let request = RandomRequest(number: number)
        let fault = Int.random(in: 0..<5, using: &numbers) == 0 ? Fault.allCases.randomElement(using: &numbers) : nil
        switch fault {
        case .closes: return false
        case .resets:
            connection.reset()
            return false
        case .answersEarly:
            try connection.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            return false
        case .stalls: usleep(250_000)
        case .dies, .refuses, nil: break
        }
        guard try readBody(head, connection) == (request.hasBody ? request.body : "") else {
            try connection.write("HTTP/1.1 500 Mixed Up\r\nContent-Length: 0\r\n\r\n")
            return false
        }
        if fault == .refuses {
            try connection.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            return true
        }
        return try answer(request, dies: fault == .dies, &numbers, connection)
    }

    private func readBody(_ head: [String], _ connection: ServedConnection) throws -> String {
        if let length = head.first(where: { $0.hasPrefix("Content-Length: ") }) {
            return try connection.read(count: Int(length.dropFirst(16)) ?? 0)
        }
        guard head.contains("Transfer-Encoding: chunked") else { return "" }
        var body = ""
        while true {
            var size = ""
            while !size.hasSuffix("\r\n") { size += try connection.read(count: 1) }
            let count = Int(size.dropLast(), radix: 16) ?? 0
            body += try connection.read(count: count)
            _ = try connection.read(count: 2)
            if count == 0 { return body }
        }
    }

    /// Returns whether the connection stays.
    private func answer(
        _ request: RandomRequest, dies: Bool, _ numbers: inout SeededNumbers, _ connection: ServedConnection
    ) throws -> Bool {
        let body = request.method == "HEAD" ? "" : request.answer
        var text = Bool.random(using: &numbers) ? "HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n" : ""
        let framing = Int.random(in: 0..<3, using: &numbers)
        text += framing == 2 ? "HTTP/1.0 200 OK\r\n" : "HTTP/1.1 200 OK\r\n"
        text += "X-Number: \(request.number)\r\n"
        switch framing {
        case 0: text += "Content-Length: \(request.answer.utf8.count)\r\n\r\n" + body
        case 1:
            text += "Transfer-Encoding: chunked\r\n\r\n"
            if request.method != "HEAD" { text += body.chunks(&numbers) }
        default: text += "\r\n" + body
        }
        var pieces = text.pieces(Int.random(in: 1...6, using: &numbers), &numbers)
        // The end of a body without a length wouldn't be missed.
        if dies, framing < 2, request.method != "HEAD" { pieces.append(pieces.removeLast().dropLast()) }
        for piece in pieces {
            try connection.write(String(piece))
            if Bool.random(using: &numbers) { usleep(UInt32.random(in: 0...1500, using: &numbers)) }
        }
        return framing < 2 && !dies
    }
}
