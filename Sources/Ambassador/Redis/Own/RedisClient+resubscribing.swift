// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
internal import Telemetry

// Subscriptions whose servers are lost or change.
extension RedisClient {
    /// Keys have moved, and channels with them; or servers have, and the connections to them don't lead there.
    func moveSubscriptions() {
        guard let subscriber = own?.subscriber else { return }
        for (kind, begun, ended) in subscriber.subscriptions.move(place: place) {
            for request in begun where !tell(request, kind.subscribe, of: subscriber, for: .restoration) {
                restoreLater(request.server, of: subscriber)
            }
            for request in ended { tellOfEnd(request, kind, of: subscriber) }
        }
        for connection in subscriber.connections where connection.isStale { leave(connection, subscriber) }
    }

    /// Goes on with a connection's subscriptions where the server is now.
    private func leave(_ connection: OwnConnection, _ subscriber: Subscriber) {
        subscriber.connections.removeAll { $0 === connection }
        connection.abandon()
        loseOwed(connection, .abandoned, of: subscriber)
        restore(connection.server.name, of: subscriber)
    }

    /// A connection over which messages came has ended: they are subscribed to anew when the server is back.
    func lostSubscription(_ connection: OwnConnection, _ error: ShardError) {
        guard let subscriber = own?.subscriber else { return }
        let server = connection.server.name
        loseOwed(connection, error, of: subscriber)
        guard own?.subscriber === subscriber, subscriber.subscriptions.count(on: server) > 0 else { return }
        noteLoss(of: subscriber, server, error.reason)
        restoreLater(server, of: subscriber)
    }

    /// What a connection still owed doesn't come.
    private func loseOwed(_ connection: OwnConnection, _ error: ShardError, of subscriber: Subscriber) {
        let names = subscriber.forgetOwed(on: connection)
        guard names > 0 else { return }
        if subscriber.subscriptions.isSubscribing {
            fail(subscriber, error, of: connection.server.name)
        } else {
            // The server has forgotten what the client wants to end.
            confirm(subscriber, names)
        }
    }

    private func noteLoss(of subscriber: Subscriber, _ server: String, _ reason: String) {
        loop.logger.emit(
            .subscriptionsLost(
                pool: loop.name, server: server, reason: reason, count: subscriber.subscriptions.count(on: server)))
    }

    /// A server that had confirmed subscriptions doesn't want to have them any more. Who believes that it is subscribed
    /// would wait for ever; so the client is closed, as Redis does when it takes back a permission, and hears the
    /// reason when it asks again.
    func refusedAgain(_ subscriber: Subscriber, _ reply: ByteBuffer, _ kind: ReplyKind, of server: String) {
        if kind == .incapacity { return restoreLater(server, of: subscriber) }
        noteLoss(of: subscriber, server, reply.firstLine)
        close()
    }

    private func restoreLater(_ server: String, of subscriber: Subscriber) {
        let pause = subscriber.pauses[server, default: ReconnectPause()].next()
        loop.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in restore(server, of: subscriber) }
    }

    func restored(_ connection: OwnConnection, _ subscriber: Subscriber) {
        let server = connection.server.name
        guard !subscriber.pauses.isEmpty, subscriber.pauses.removeValue(forKey: server) != nil else { return }
        loop.logger.emit(.subscriptionsRestored(pool: loop.name, server: server))
    }

    private func restore(_ server: String, of subscriber: Subscriber) {
        guard own?.subscriber === subscriber else { return }
        for kind in Subscriptions.Kind.allCases {
            let names = subscriber.subscriptions.names(kind, on: server)
            guard !names.isEmpty else { continue }
            let request = Subscriptions.Request(server: server, names: names)
            guard tell(request, kind.subscribe, of: subscriber, for: .restoration) else {
                return restoreLater(server, of: subscriber)
            }
        }
    }
}
