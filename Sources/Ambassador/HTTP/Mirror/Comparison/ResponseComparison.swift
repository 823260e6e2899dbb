// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import WireHTTP

/// Compares two answers to the same request.
package struct ResponseComparison: Sendable {
    /// Headers that differ between any two answers, or that say how one connection carried them.
    package static let ignoredFields: Set<String> = [
        "date", "age", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer", "upgrade",
        "via", "x-request-id", "x-correlation-id", "traceparent", "tracestate", "x-envoy-upstream-service-time",
        "x-runtime", "x-response-time", "server-timing",
    ]
    /// The most places of one comparison; each is named once, however many elements of an array differ there.
    package static let differencesMax = 200

    private let ignored: [IgnoredPlace]

    package init(ignoring ignored: [IgnoredPlace] = []) { self.ignored = ignored }

    /// What differs: of several elements of an array the first. If the status does, the rest follows from that, and
    /// isn't compared.
    package func differences(_ primary: RecordedResponse, _ candidate: RecordedResponse) -> [ResponseDifference] {
        var differences = Differences(ignored: ignored)
        if primary.status != candidate.status {
            differences.add(.status, "\(primary.status)", "\(candidate.status)")
            return differences.found
        }
        compareFields(primary, candidate, &differences)
        compareBodies(primary, candidate, &differences)
        return differences.found
    }

    // MARK: - Headers

    private func compareFields(
        _ primary: RecordedResponse, _ candidate: RecordedResponse, _ differences: inout Differences
    ) {
        let (ours, theirs) = (Self.values(primary.fields), Self.values(candidate.fields))
        // Where a body is compared, its length says nothing more.
        let hasBody = primary.body.readableBytes + candidate.body.readableBytes > 0
        for name in Set(ours.keys).union(theirs.keys).sorted() {
            if Self.ignoredFields.contains(name) || (hasBody && name == "content-length") { continue }
            guard ours[name] != theirs[name] else { continue }
            differences.add(
                .field(name), ours[name] ?? ResponseDifference.absent, theirs[name] ?? ResponseDifference.absent)
        }
    }

    /// The values by name, those of one name together.
    private static func values(_ fields: HTTPFields) -> [String: String] {
        var values: [String: String] = [:]
        for index in 0..<fields.count {
            let (name, value) = (fields.name(at: index).lowercased(), fields.value(at: index))
            values[name] = values[name].map { $0 + ", " + value } ?? value
        }
        return values
    }

    // MARK: - Bodies

    private func compareBodies(
        _ primary: RecordedResponse, _ candidate: RecordedResponse, _ differences: inout Differences
    ) {
        guard primary.body != candidate.body else { return }
        if primary.isJSON, candidate.isJSON, let ours = JSONTree(primary.body), let theirs = JSONTree(candidate.body) {
            return differences.compare(ours, theirs, at: JSONPath())
        }
        differences.add(
            .body, Self.part(primary.body, beside: candidate.body), Self.part(candidate.body, beside: primary.body))
    }

    /// How long a body is, and what stands where it differs from the other one.
    private static func part(_ body: ByteBuffer, beside other: ByteBuffer) -> String {
        let same = zip(body.readableBytesView, other.readableBytesView).prefix { $0 == $1 }.count
        // A little of what comes before shows where it is.
        let start = max(0, same - 20)
        let excerpt = String(decoding: body.readableBytesView.dropFirst(start).prefix(80), as: UTF8.self)
        return "\(body.readableBytes) bytes, at \(start): \(excerpt)"
    }
}

/// What has been found up to now.
private struct Differences {
    let ignored: [IgnoredPlace]
    private(set) var found: [ResponseDifference] = []
    private var places: Set<ComparedPlace> = []

    init(ignored: [IgnoredPlace]) { self.ignored = ignored }

    mutating func add(_ place: ComparedPlace, _ primary: String, _ candidate: String) {
        guard found.count < ResponseComparison.differencesMax, !isIgnored(place) else { return }
        if places.insert(place.general).inserted { found.append(ResponseDifference(place, primary, candidate)) }
    }

    mutating func compare(_ primary: JSONTree, _ candidate: JSONTree, at path: JSONPath) {
        guard !primary.isSame(as: candidate) else { return }
        switch (primary, candidate) {
        case (.object(let ours), .object(let theirs)):
            for key in Set(ours.keys).union(theirs.keys).sorted() {
                compare(ours[key], theirs[key], at: JSONPath(path.steps + [.key(key)]))
            }
        case (.array(let ours), .array(let theirs)):
            for index in 0..<max(ours.count, theirs.count) {
                compare(
                    index < ours.count ? ours[index] : nil, index < theirs.count ? theirs[index] : nil,
                    at: JSONPath(path.steps + [.index(index)]))
            }
        default: add(.json(path), primary.shown, candidate.shown)
        }
    }

    private mutating func compare(_ primary: JSONTree?, _ candidate: JSONTree?, at path: JSONPath) {
        guard let primary, let candidate else {
            let absent = ResponseDifference.absent
            return add(.json(path), primary?.shown ?? absent, candidate?.shown ?? absent)
        }
        compare(primary, candidate, at: path)
    }

    private func isIgnored(_ place: ComparedPlace) -> Bool {
        ignored.contains { ignored in
            switch (ignored, place) {
            case (.field(let name), .field(let other)): name == other
            case (.body(let path), .json(let other)): path.covers(other)
            case (.body(let path), .body): path.steps.isEmpty
            default: false
            }
        }
    }
}

extension JSONTree {
    /// In words: what is in an object or an array isn't shown, as there may be secrets in it.
    fileprivate var shown: String {
        switch self {
        case .object(let members): "{\(members.count) members}"
        case .array(let elements): "[\(elements.count) elements]"
        case .string(let text): "\"\(text)\""
        case .number(let text): text
        case .bool(let value): "\(value)"
        case .null: "null"
        }
    }
}
