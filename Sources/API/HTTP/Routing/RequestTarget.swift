// SPDX-License-Identifier: Apache-2.0

import AppInvocation

/// A request's target (RFC 9112, section 3.2), taken apart: the route that its path names, its two names, and its
/// query.
///
/// The path's bytes are compared where they are; only the names in it become strings. That costs less than a tenth of a
/// request, where splitting into strings and looking each up costs a third.
struct RequestTarget: Sendable {
    var route: Route
    /// The store, the key of the metadata, the pub/sub component, or the app that is invoked.
    var name = ""
    /// The state's key, or the topic; for an invocation the callee's path, with the query and as it was encoded.
    var key = ""
    var query = QueryParameters()

    /// Why a target can't be read.
    enum Failure: Error, Equatable {
        /// A `%` without two hexadecimal digits, or bytes that aren't UTF-8.
        case encodingInvalid
    }

    init(method: RouteMethod, path: String) throws(Failure) {
        let text = Self.cleaned(path)
        self = try Self(method: method, bytes: text.utf8.span)
    }

    private init(method: RouteMethod, bytes: borrowing Span<UInt8>) throws(Failure) {
        var end = bytes.count
        for index in bytes.indices where bytes[index] == UInt8(ascii: "?") {
            end = index
            break
        }
        var path = PathCursor(offset: 0, end: end)
        route = .unknown
        if end < bytes.count { query = QueryParameters(bytes, from: end + 1) }
        guard let version = path.next(bytes) else { return }
        if bytes.matches("v1.0", version) {
            try match(method, bytes, &path)
        } else if bytes.matches("v1.0-alpha1", version) {
            try matchAlpha(method, bytes, &path)
        }
    }

    private mutating func match(
        _ method: RouteMethod, _ bytes: borrowing Span<UInt8>, _ path: inout PathCursor
    ) throws(Failure) {
        guard let block = path.next(bytes) else { return }
        if bytes.matches("invoke", block) { return try matchInvoke(bytes, &path) }
        if bytes.matches("publish", block) { return try matchPublish(method, bytes, &path) }
        let first = path.next(bytes)
        let second = path.next(bytes)
        let isLonger = path.next(bytes) != nil
        if bytes.matches("state", block) {
            guard let first, !isLonger else { return }
            try matchState(method, bytes, first, second)
        } else if bytes.matches("healthz", block) {
            guard method == .get, second == nil else { return }
            if let first {
                if bytes.matches("outbound", first) { route = .outboundHealth }
            } else {
                route = .health
            }
        } else if bytes.matches("metadata", block) {
            guard second == nil else { return }
            if let first {
                guard method == .put else { return }
                route = .setMetadata
                name = try bytes.decoded(first)
            } else if method == .get {
                route = .metadata
            }
        } else if bytes.matches("shutdown", block) {
            if first == nil, method == .post { route = .shutdown }
        } else if bytes.isUnimplemented(block), first != nil {
            route = .unimplemented
        }
    }

    private mutating func matchState(
        _ method: RouteMethod, _ bytes: borrowing Span<UInt8>, _ store: Range<Int>, _ second: Range<Int>?
    ) throws(Failure) {
        guard let second else {
            guard method.isPostOrPut else { return }
            route = .saveState
            name = try bytes.decoded(store)
            return
        }
        if method == .get || method == .delete {
            route = .getState
            key = try bytes.decoded(second)
        } else if method.isPostOrPut, bytes.matches("bulk", second) {
            route = .bulkGetState
        } else if method.isPostOrPut, bytes.matches("transaction", second) {
            route = .transactState
        } else {
            return
        }
        name = try bytes.decoded(store)
    }

    /// `/v1.0/publish/{pubsub}/{topic...}`, or with `bulk` behind `publish`. A topic may have slashes; what is missing
    /// is said by the endpoint.
    private mutating func matchPublish(
        _ method: RouteMethod, _ bytes: borrowing Span<UInt8>, _ path: inout PathCursor, isBulk mustBeBulk: Bool = false
    ) throws(Failure) {
        guard method.isPostOrPut else { return }
        var pubsub = path.next(bytes)
        let isBulk = pubsub.map { bytes.matches("bulk", $0) } ?? false
        if mustBeBulk, !isBulk { return }
        if isBulk { pubsub = path.next(bytes) }
        route = isBulk ? .publishBulk : .publish
        if let pubsub { name = try bytes.decoded(pubsub) }
        guard let first = path.next(bytes) else { return }
        key = try bytes.decoded(first.lowerBound..<path.end)
    }

    /// `/v1.0/invoke/{app}/method/{path...}`. The slashes of a URL in the place of the app have become one.
    private mutating func matchInvoke(
        _ bytes: borrowing Span<UInt8>, _ path: inout PathCursor
    ) throws(Failure) {
        guard let first = path.next(bytes) else { return }
        var app = try bytes.decoded(first)
        if app == "http:" || app == "https:", let authority = path.next(bytes) {
            app += "//" + (try bytes.decoded(authority))
        }
        guard let verb = path.next(bytes), bytes.matches("method", verb) else { return }
        var start = path.offset
        while start < path.end, bytes[start] == UInt8(ascii: "/") { start += 1 }
        guard start < path.end else { return }
        let rest: String
        do {
            rest = "/" + String(copying: try UTF8Span(validating: bytes.extracting(start..<bytes.count)))
        } catch { throw .encodingInvalid }
        let target: String
        do { target = try InvokedTarget.resolved(rest) } catch { throw .encodingInvalid }
        // Dots that lead nowhere but to the root name no method.
        guard target != "/", !target.hasPrefix("/?") else { return }
        route = .invoke
        name = app
        key = target
    }

    private mutating func matchAlpha(
        _ method: RouteMethod, _ bytes: borrowing Span<UInt8>, _ path: inout PathCursor
    ) throws(Failure) {
        guard let block = path.next(bytes) else { return }
        if bytes.matches("publish", block) { return try matchPublish(method, bytes, &path, isBulk: true) }
        guard bytes.matches("state", block) else {
            if bytes.isUnimplemented(block), path.next(bytes) != nil { route = .unimplemented }
            return
        }
        guard let store = path.next(bytes), let verb = path.next(bytes), path.next(bytes) == nil else { return }
        guard method.isPostOrPut, bytes.matches("query", verb) else { return }
        route = .queryState
        name = try bytes.decoded(store)
    }

    // MARK: - Cleaning

    /// Whether a path has empty or dotted segments, which Dapr resolves before it compares.
    private static func needsCleaning(_ bytes: borrowing Span<UInt8>) -> Bool {
        var previous = UInt8(ascii: " ")
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == UInt8(ascii: "?") { return false }
            if previous == UInt8(ascii: "/"), byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") { return true }
            previous = byte
        }
        return false
    }

    /// The target with its empty and dotted segments resolved (RFC 3986, section 5.2.4). It happens before
    /// percent-decoding, so an encoded slash is part of a name; so is an encoded dot, but not in a path that is
    /// passed on (`InvokedTarget`).
    static func cleaned(_ path: String) -> String {
        var target = path
        target.makeContiguousUTF8()
        guard needsCleaning(target.utf8.span) else { return target }
        // Bytes, not characters: a slash with an accent behind it is still a slash to whoever gets the path.
        let bytes = target.utf8
        let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        var segments: [Substring.UTF8View] = []
        for segment in bytes[..<end].split(separator: UInt8(ascii: "/")) {
            if segment.elementsEqual(".".utf8) { continue }
            if segment.elementsEqual("..".utf8) { _ = segments.popLast() } else { segments.append(segment) }
        }
        var path = segments.map { "/" + String(Substring($0)) }.joined()
        // A callee may tell a path with a slash at its end from one without.
        if path.isEmpty || bytes[..<end].last == UInt8(ascii: "/") { path += "/" }
        return path + target[end...]
    }
}

/// Walks the segments of a path.
private struct PathCursor {
    var offset: Int
    var end: Int

    /// The next segment that isn't empty.
    mutating func next(_ bytes: borrowing Span<UInt8>) -> Range<Int>? {
        while offset < end, bytes[offset] == UInt8(ascii: "/") { offset += 1 }
        guard offset < end else { return nil }
        let start = offset
        while offset < end, bytes[offset] != UInt8(ascii: "/") { offset += 1 }
        return start..<offset
    }
}
