// SPDX-License-Identifier: Apache-2.0

package import Core

/// The app that the sidecar runs beside.
package struct AppConfiguration: Sendable, Equatable {
    package enum AppProtocol: String, Sendable, CaseIterable {
        case http
        /// HTTP/2 in clear text; nothing else reaches the app.
        case grpc
    }

    package enum OutputStyle: String, Sendable, CaseIterable { case plain, prefixed }

    /// The app's name among other apps; needed when the API is enabled.
    package var id: String? = nil
    package var namespace = "default"
    /// The port on which the app listens; without one the app is ready as soon as it runs.
    package var port: Int? = nil
    package var `protocol` = AppProtocol.http
    /// Where the app listens.
    package var address = "127.0.0.1"
    /// Plain: the app's bytes as they are. Prefixed: each line begins with the app's id.
    package var output = OutputStyle.plain
    package var restart = RestartConfiguration()
    /// Sent to the app as `dapr-api-token` with each call, so that it knows its sidecar.
    package var token: String? = nil
    /// How many calls may be with the app at once; 0: any number.
    package var maxConcurrency = 0
    /// How long the app may take for an event of a topic before that counts as failed.
    package var deliveryTimeout = Duration.seconds(60)
    package var health = HealthConfiguration()
    /// How long an app may take to exit after SIGTERM before it is killed.
    package var grace = Duration.seconds(5)

    package init() {}

    /// Where the app listens; nil without a port.
    package var listen: ListenAddress? { port.map { ListenAddress(host: address, port: $0) } }
}

/// Whether and how the app is asked if it is well.
package struct HealthConfiguration: Sendable, Equatable {
    package var enabled = false
    package var path = "/healthz"
    package var interval = Duration.seconds(5)
    package var timeout = Duration.milliseconds(500)
    /// Failures in a row after which the app counts as unhealthy.
    package var threshold = 3

    package init() {}
}

/// What happens when the app exits by itself.
package struct RestartConfiguration: Sendable, Equatable {
    package enum Policy: String, Sendable, CaseIterable {
        case never
        case onFailure = "on-failure"
        case always
    }

    package var policy = Policy.never
    /// The wait before the first restart; it doubles up to `backoffMax`.
    package var backoff = Duration.milliseconds(200)
    package var backoffMax = Duration.seconds(30)
    /// Restarts in a row before the sidecar gives up and exits with the app's status.
    package var limit = 10
    /// An app that ran this long has its count of restarts and its backoff forgotten.
    package var stableAfter = Duration.seconds(60)

    package init() {}
}
