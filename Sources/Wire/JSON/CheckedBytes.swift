// SPDX-License-Identifier: Apache-2.0

/// Bytes that somebody else keeps alive, read with a check of each index in every build.
///
/// `Span` would be the right type, but a struct can hold one only with an experimental feature of the compiler.
struct CheckedBytes {
    private let unsafeBytes: UnsafeRawBufferPointer

    /// The caller keeps the bytes alive as long as it uses this value.
    init(_ unsafeBytes: UnsafeRawBufferPointer) { self.unsafeBytes = unsafeBytes }

    var count: Int { unsafeBytes.count }

    subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < unsafeBytes.count, "A reader never looks behind the text.")
        return unsafeBytes[index]
    }

    /// The text of a range that has been checked to be UTF-8.
    func text(_ range: Range<Int>) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: unsafeBytes[range]), as: UTF8.self)
    }

    /// The place of the first byte that isn't UTF-8, if there is one.
    func firstInvalidUTF8(_ range: Range<Int>) -> Int? {
        let part = UnsafeRawBufferPointer(rebasing: unsafeBytes[range])
        do {
            // Safe: bytes may be seen as bytes, and the span is used up in this statement.
            _ = try UTF8Span(validating: Span(_unsafeElements: part.bindMemory(to: UInt8.self)))
            return nil
        } catch {
            return range.lowerBound + error.byteOffsets.lowerBound
        }
    }
}
