// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// What is kept of one request until its line can be written: the head is gone by then.
///
/// Only what the format names is kept. Entries are used again by their log, so that a request takes no memory of its
/// own.
package final class AccessLogEntry {
    /// The longest value that is kept of a request or a response; the rest is cut off.
    package static let valueBytesMax = 4096

    fileprivate(set) var bytes = ByteBuffer()
    /// Where each kept value is, in the order of the plan; an empty range that begins below 0 is none.
    fileprivate(set) var places: ContiguousArray<Range<Int>>
    private static let absent = -1 ..< -1

    init(count: Int) {
        places = ContiguousArray(repeating: Self.absent, count: count)
        bytes.reserveCapacity(512)
    }

    func reset() {
        bytes.clear(minimumCapacity: 0)
        for index in places.indices { places[index] = Self.absent }
    }

    /// A kept value; nil if there was none.
    func place(of value: Int) -> Range<Int>? { places[value].lowerBound < 0 ? nil : places[value] }

    func keep(_ value: Int, _ span: borrowing Span<UInt8>) {
        let start = bytes.writerIndex
        bytes.writeBytes(span.extracting(first: Self.valueBytesMax).bytes)
        places[value] = start..<bytes.writerIndex
    }

    func keep(_ value: Int, _ text: StaticString) {
        let start = bytes.writerIndex
        bytes.writeStaticString(text)
        places[value] = start..<bytes.writerIndex
    }

    /// Keeps the value of a header; of several lines the list that they mean.
    func keepHeader(_ value: Int, _ name: [UInt8], _ head: borrowing HTTPHeadScan, _ span: borrowing Span<UInt8>) {
        let start = bytes.writerIndex
        var isThere = false
        for field in head.fields where span.extracting(field.nameRange).isSame(asLowercase: name) {
            if isThere { bytes.writeStaticString(", ") }
            isThere = true
            let room = Self.valueBytesMax - (bytes.writerIndex - start)
            bytes.writeBytes(span.extracting(field.valueRange).extracting(first: max(room, 0)).bytes)
        }
        if isThere { places[value] = start..<bytes.writerIndex }
    }
}

extension Span<UInt8> {
    /// Whether this is a header's name, in any case, that is given in lower case.
    fileprivate func isSame(asLowercase name: [UInt8]) -> Bool {
        guard count == name.count else { return false }
        for index in indices {
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self[index])
            guard (isCapital ? self[index] | 0x20 : self[index]) == name[index] else { return false }
        }
        return true
    }
}
