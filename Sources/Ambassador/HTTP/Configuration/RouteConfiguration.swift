// SPDX-License-Identifier: Apache-2.0

package import Core
package import Proxying

/// Which requests are meant, and what becomes of them: they go on (`to` or `split`), are sent elsewhere (`redirect`) or
/// are answered here (`respond`).
package struct RouteConfiguration: Sendable, Equatable {
    package var match = RouteMatchConfiguration()
    /// Routes with a lower number are tried before more specific ones.
    package var order = 0
    /// The upstream that all requests go to.
    package var to: String? = nil
    /// Upstreams, each with its share of the requests.
    package var split: NamedTable<Int> = [:]
    package var sticky = StickyConfiguration()
    package var override = OverrideConfiguration()
    package var rewrite = RewriteConfiguration()
    package var redirect = RedirectConfiguration()
    package var respond = DirectAnswerConfiguration()
    package var requestHeaders = FieldEditsConfiguration()
    package var responseHeaders = FieldEditsConfiguration()
    /// How long a response may take to begin; nil: as long as the proxy's `timeouts.response` says.
    package var timeout: Duration? = nil
    package var retry = RetryConfiguration()
    package var mirror = MirrorConfiguration()
    package var faults: NamedTable<FaultConfiguration> = [:]

    package init() {}

    /// The weights of `split`.
    package static let weights = 0...1_000_000

    /// The upstreams that requests go to, with their weights; empty if they go to none.
    package var shares: NamedTable<Int> { to.map { [$0: 1] } ?? split }
}

/// What a request must be like; all that is said has to be true.
package struct RouteMatchConfiguration: Sendable, Equatable {
    /// Any of these; none is every host.
    package var hosts: [HostPattern] = []
    package var path = PathPattern.prefix("/")
    /// Any of these; none is every method.
    package var methods: [String] = []
    /// The values that headers have; `*` is any.
    package var header: NamedTable<String> = [:]
    /// The values that parameters of the query have, decoded; `*` is any.
    package var query: NamedTable<String> = [:]

    package init() {}
}

/// What of a request decides in a split, so that the same user always gets the same side.
package struct StickyConfiguration: Sendable, Equatable {
    package var header: String? = nil
    package var cookie: String? = nil
    package var query: String? = nil
    /// The client's address.
    package var address = false

    package init() {}

    package var isEmpty: Bool { self == StickyConfiguration() }
}

/// Who may choose a side of a split for himself.
package struct OverrideConfiguration: Sendable, Equatable {
    /// The header whose value names the upstream. One that the route doesn't name is as none.
    package var header: String? = nil

    package init() {}
}

/// What servers see instead of what the client asked for.
package struct RewriteConfiguration: Sendable, Equatable {
    /// Stands for the part of the path that matched.
    package var path: String? = nil
    package var host: String? = nil

    package init() {}
}

/// Where a client is sent; what isn't said stays as it was asked for.
package struct RedirectConfiguration: Sendable, Equatable {
    package enum Scheme: String, Sendable, CaseIterable { case http, https }

    /// The status of a redirect.
    package enum Status: Int, Sendable, CaseIterable {
        case movedPermanently = 301
        case found = 302
        case seeOther = 303
        case temporary = 307
        case permanent = 308
    }

    /// The whole address, instead of the other parts.
    package var to: String? = nil
    package var scheme: Scheme? = nil
    package var host: String? = nil
    /// Stands for the part of the path that matched.
    package var path: String? = nil
    package var port: Int? = nil
    package var status = Status.found

    package init() {}

    package var isEmpty: Bool { self == RedirectConfiguration() }
}

/// What is answered without asking any server.
package struct DirectAnswerConfiguration: Sendable, Equatable {
    /// Nil: nothing is answered.
    package var status: Int? = nil
    package var body = ""
    package var contentType = "text/plain; charset=utf-8"
    package var headers: NamedTable<String> = [:]

    /// The longest body.
    package static let bodyBytesMax = 64 << 10

    package init() {}

    package var isEmpty: Bool { self == DirectAnswerConfiguration() }
}

/// What is changed in the headers that pass.
package struct FieldEditsConfiguration: Sendable, Equatable {
    /// Takes the place of whatever has this name.
    package var set: NamedTable<String> = [:]
    package var add: NamedTable<String> = [:]
    package var remove: [String] = []

    package init() {}
}
