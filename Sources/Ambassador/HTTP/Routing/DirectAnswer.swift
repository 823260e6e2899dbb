// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import WireHTTP

/// An answer that no server is asked for, as bytes.
struct DirectAnswer: Sendable {
    let status: Int
    /// The head but for what all answers have at its end.
    let head: ByteBuffer
    /// What follows the empty line, unless the request is HEAD.
    let body: ByteBuffer
    /// What isn't to be said beside it, as it says it, or removes it.
    let said: HTTPFieldNames

    init(_ answer: DirectAnswerConfiguration, edits: FieldEdits) {
        status = answer.status ?? 200
        let status = HTTPStatus(status)
        body = ByteBuffer(string: answer.body)
        var said = edits.known
        for name in answer.headers.names { said.insert(HTTPFieldName(name.utf8.span)) }
        self.said = said
        let length = status.hasNoBody ? nil : body.readableBytes
        head = ByteBuffer(
            answering: status, length: length, type: body.readableBytes > 0 ? answer.contentType : nil, answer.headers,
            edits)
    }
}

extension ByteBuffer {
    /// A status line with fields.
    init(
        answering status: HTTPStatus, length: Int?, type: String?, _ headers: NamedTable<String>, _ edits: FieldEdits
    ) {
        self.init()
        writeString("HTTP/1.1 \(status.code) \(status.reason)\r\n")
        let ownFields = [("Content-Type", type)].compactMap { name, value in value.map { (name, $0) } }
        for (name, value) in ownFields + headers.map({ ($0.name, $0.value) }) where !edits.drops(name.utf8.span) {
            // A header that the user gives replaces our own.
            let isGiven = headers.contains { $0.name != name && $0.name.lowercased() == name.lowercased() }
            if !isGiven { writeLine(name, value) }
        }
        if let length { writeLine("Content-Length", "\(length)") }
        edits.append(to: &self)
    }
}
