// SPDX-License-Identifier: Apache-2.0

/// What a head means for whoever passes it on (RFC 9110, section 7.6.1).
extension HTTPHeadScan {
    /// Where the first field begins, or the empty line if there is none.
    package var fieldsStart: Int { fields.first.map { Int($0.nameStart) } ?? startLineEnd }

    /// Whether any of its fields ends with the connection that it came on.
    package var hasConnectionFields: Bool { present.containsAnyOfConnection || connection.contains(.others) }

    /// Whether `Connection` names this field. What frames or routes the message isn't its to take away: two programs
    /// on the way would read it differently.
    package func isNamedByConnection(_ field: Field, _ bytes: borrowing Span<UInt8>) -> Bool {
        guard field.name == .other || field.name == .cookie else { return false }
        return hasElement(bytes.extracting(field.nameRange), .connection, bytes)
    }

    /// Whether it asks for another protocol that may pass. HTTP/2 without TLS may not, wherever in the list it stands:
    /// it would hide requests from whoever reads HTTP/1 here.
    package func asksForUpgrade(_ bytes: borrowing Span<UInt8>) -> Bool {
        connection.contains(.upgrade) && version == .http11 && present.contains(.upgrade)
            && !present.contains(.http2Settings) && !hasElement("h2c".utf8.span, .upgrade, bytes)
    }

    /// Whether a field that is a list has an element, in any of its lines and whatever its case.
    private func hasElement(
        _ element: borrowing Span<UInt8>, _ name: HTTPFieldName, _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        for field in fields where field.name == name {
            if bytes.extracting(field.valueRange).hasListElement(element) { return true }
        }
        return false
    }
}

extension Span where Element == UInt8 {
    /// Whether a comma-separated list has this element, whatever its case.
    fileprivate func hasListElement(_ element: borrowing Span<UInt8>) -> Bool {
        var start = 0
        while start < count {
            var end = start
            while end < count, self[end] != UInt8(ascii: ",") { end += 1 }
            if extracting(trimmed(start..<end)).equalsIgnoringCase(element) { return true }
            start = end + 1
        }
        return false
    }
}
