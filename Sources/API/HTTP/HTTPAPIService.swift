// SPDX-License-Identifier: Apache-2.0

package import Logging
import NIOCore
package import Proxying
import ServiceLifecycle
package import Telemetry

/// The HTTP API as a service: the listener of the whole API and, if one is set, the public one.
///
/// `bind` comes first, so that the app can be told the port; `run` lasts until the graceful shutdown of its service
/// group, which Runtime begins when the app has exited, because the app may need the API until then.
package final class HTTPAPIService: Service {
    private let listener: HTTPListener
    private let publicListener: HTTPListener?

    package init(
        configuration: APIConfiguration, components: APIComponents, invoker: Invoker?, metadata: SidecarMetadata,
        health: HealthState, tracer: Tracer = .off, eventLoopGroup: EpollEventLoopGroup, logger: Logger,
        shutdown: @escaping @Sendable (_ isForced: Bool) -> Void
    ) {
        func responder(_ surface: APIResponder.Surface) -> APIResponder {
            APIResponder(
                surface: surface, configuration: configuration, components: components, invoker: invoker,
                metadata: metadata, health: health, tracer: tracer, logger: logger, shutdown: shutdown)
        }
        let api = responder(.api)
        listener = HTTPListener(address: configuration.listen, eventLoopGroup: eventLoopGroup, logger: logger) {
            await api.respond($0)
        }
        publicListener = configuration.publicListen.map { address in
            let api = responder(.public)
            return HTTPListener(address: address, eventLoopGroup: eventLoopGroup, logger: logger) {
                await api.respond($0)
            }
        }
    }

    /// The port of the API, once it is bound.
    package var boundPort: Int? { listener.boundPort }
    package var boundPublicPort: Int? { publicListener?.boundPort }

    /// Takes the ports, begins to answer, and returns the API's port. With `orAnyFree`, a port of the API that is in
    /// use gives way to a free one; the public port never does.
    @discardableResult
    package func bind(orAnyFree: Bool = false) async throws(ListenError) -> Int {
        let port = try await listener.bind(orAnyFree: orAnyFree)
        do {
            try await publicListener?.bind()
        } catch {
            await listener.stop()
            throw error
        }
        return port
    }

    /// Answers until the graceful shutdown; what is in flight then is answered first.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await self.listener.run() }
            if let publicListener { group.addTask { try await publicListener.run() } }
        }
    }

    /// Waits for a moment in which no request is being answered.
    package func drained() async {
        await listener.drained()
        await publicListener?.drained()
    }

    /// Ends both listeners as a graceful shutdown does; for a start that failed before `run`.
    package func stop() async {
        await listener.stop()
        await publicListener?.stop()
    }
}
