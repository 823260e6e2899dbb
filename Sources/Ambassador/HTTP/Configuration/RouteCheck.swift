// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import Settings
internal import WireHTTP

/// Finds what is wrong with one route.
struct RouteCheck {
    private let route: RouteConfiguration
    private let key: String
    private let upstreams: [String]
    private(set) var mistakes: [HTTPProxyMistake] = []

    init(_ route: RouteConfiguration, key: String, upstreams: [String]) {
        self.route = route
        self.key = key
        self.upstreams = upstreams
    }

    mutating func all() {
        checkAction()
        checkUpstreams()
        checkSplit()
        checkRedirect()
        checkAnswer()
        checkFields()
    }

    mutating func add(_ part: String, _ message: String) {
        mistakes.append(HTTPProxyMistake(key: part.isEmpty ? key : "\(key).\(part)", message: message))
    }

    static func unknownUpstream(_ name: String, among upstreams: [String]) -> String {
        let found = "found \(Problem.quote(name))"
        if let nearest = EditDistance.nearest(to: name, among: upstreams) {
            return "\(found), which is no upstream; expected \(nearest), perhaps"
        }
        return "\(found), expected an upstream: \(upstreams.alternatives)"
    }

    // MARK: - What becomes of a request

    private mutating func checkAction() {
        let actions = [
            ("to", route.to != nil), ("split", !route.split.isEmpty), ("redirect", !route.redirect.isEmpty),
            ("respond", !route.respond.isEmpty),
        ].filter(\.1).map(\.0)
        switch actions.count {
        case 0: add("", "found nothing that becomes of a request, expected to, split, redirect or respond")
        case 1: break
        default: add(actions[1], "found both \(actions[0]) and \(actions[1]), expected one of them")
        }
        guard route.shares.isEmpty, !actions.isEmpty else { return }
        let idle = [
            ("rewrite", route.rewrite != RewriteConfiguration()),
            ("request-headers", route.requestHeaders != FieldEditsConfiguration()),
            ("mirror", route.mirror.to != nil), ("sticky", !route.sticky.isEmpty),
            ("override", route.override.header != nil),
        ]
        for (part, isThere) in idle where isThere {
            add(part, "found a setting for requests that go on, but none does; expected to or split")
        }
    }

    private mutating func checkUpstreams() {
        if let to = route.to { check(upstream: to, "to") }
        for name in route.split.names { check(upstream: name, "split.\(name)") }
        if let shadow = route.mirror.to { check(upstream: shadow, "mirror.to") }
    }

    private mutating func check(upstream name: String, _ part: String) {
        guard !upstreams.contains(name) else { return }
        add(part, Self.unknownUpstream(name, among: upstreams))
    }

    private mutating func checkSplit() {
        if !route.split.isEmpty, route.split.values.allSatisfy({ $0 == 0 }) {
            add("split", "found no weight but 0, expected at least one above it")
        }
        let sticky = route.sticky
        let ways = [sticky.header != nil, sticky.cookie != nil, sticky.query != nil, sticky.address]
        if ways.count(where: { $0 }) > 1 {
            add("sticky", "found more than one, expected header, cookie, query or address")
        }
        guard route.to != nil else { return }
        if !sticky.isEmpty { add("sticky", "found it without a split, expected one") }
        if route.override.header != nil { add("override", "found it without a split, expected one") }
    }

    // MARK: - Answers

    private mutating func checkRedirect() {
        let redirect = route.redirect
        guard !redirect.isEmpty else { return }
        let hasPart = redirect.scheme != nil || redirect.host != nil || redirect.path != nil || redirect.port != nil
        if redirect.to != nil, hasPart {
            add("redirect.to", "found the whole address beside a part of it, expected one of them")
        } else if redirect.to == nil, !hasPart {
            add("redirect", "found no place to go, expected to, scheme, host, port or path")
        }
    }

    private mutating func checkAnswer() {
        let answer = route.respond
        guard !answer.isEmpty else { return }
        guard let status = answer.status else { return add("respond.status", "found nothing, expected a status") }
        if HTTPStatus(status).hasNoBody, !answer.body.isEmpty {
            add("respond.body", "found a body, expected none: \(status) has none")
        }
        if answer.body.utf8.count > DirectAnswerConfiguration.bodyBytesMax {
            let most = "expected at most \(DirectAnswerConfiguration.bodyBytesMax)"
            add("respond.body", "found \(answer.body.utf8.count) bytes, \(most)")
        }
    }

    // MARK: - Headers

    private mutating func checkFields() {
        for name in route.match.header.names { checkName(name, "match.header.\(name)") }
        for name in route.respond.headers.names { checkOwn(name, "respond.headers.\(name)") }
        check(route.requestHeaders, "request-headers", isRequest: true)
        check(route.responseHeaders, "response-headers", isRequest: false)
    }

    private mutating func check(_ edits: FieldEditsConfiguration, _ part: String, isRequest: Bool) {
        let names =
            edits.set.names.map { ($0, "\(part).set.\($0)") } + edits.add.names.map { ($0, "\(part).add.\($0)") }
            + edits.remove.map { ($0, "\(part).remove") }
        for (name, place) in names {
            if isRequest, name.lowercased() == "host" {
                add(place, "found Host, expected rewrite.host for it")
            } else {
                checkOwn(name, place)
            }
        }
    }

    private mutating func checkName(_ name: String, _ place: String) {
        guard !HTTPFields.isName(name) else { return }
        add(place, "found \(Problem.quote(name)), expected the name of a header")
    }

    /// What says where a message ends, or what becomes of the connection, isn't the user's to change.
    private mutating func checkOwn(_ name: String, _ place: String) {
        checkName(name, place)
        let known = HTTPFieldName(name.utf8.span)
        guard known.isOfConnection || known == .contentLength || known == .transferEncoding else { return }
        add(place, "found \(Problem.quote(name)), expected another header: this one is the connection's own")
    }
}
