// SPDX-License-Identifier: Apache-2.0

import TestKit

/// What changes a message's meaning, more often than any other byte would.
private let telling = [
    "\r\n", "\n", "\r", "\0", " ", "\t", ":", ";", ",", "0", "1", "f", "-", "+", "chunked", "close", "\r\n ", "%",
    "Host: y\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "HTTP/1.1", "0\r\n\r\n", "\u{FF11}",
].map { Array($0.utf8) }

/// A valid message with a few bytes changed, which gets further than random bytes.
func mutated(_ text: String, _ numbers: inout SeededNumbers) -> [UInt8] {
    var bytes = Array(text.utf8)
    for _ in 0..<Int.random(in: 1...4, using: &numbers) {
        let place = Int.random(in: 0..<bytes.count, using: &numbers)
        switch Int.random(in: 0..<5, using: &numbers) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &numbers)
        case 1: bytes.insert(contentsOf: telling.randomElement(using: &numbers) ?? [], at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...3, using: &numbers)))
        case 3: bytes.insert(UInt8.random(in: .min ... .max, using: &numbers), at: place)
        default: bytes.replaceSubrange(place..<place, with: bytes.prefix(place).suffix(10))
        }
        if bytes.isEmpty { bytes = [0x20] }
    }
    return bytes
}
