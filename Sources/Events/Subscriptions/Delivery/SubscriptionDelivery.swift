// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
internal import Core
package import CoreMetrics
internal import NIOCore
package import Telemetry
internal import WireCEL
internal import WireCloudEvents

/// Brings the messages of one subscription to the app, for any broker: the function that `Broker.subscribe` calls.
///
/// message → envelope → expired? → route → POST → answer → outcome; in bulk, those of one route share a call.
package struct SubscriptionDelivery: Sendable {
    let declaration: SubscriptionDeclaration
    private let channel: any AppChannel
    private let metrics: SubscriptionMetrics
    private let timeout: Duration
    private let tracer: Tracer

    /// - Parameters:
    ///   - timeout: how long the app may take for a call before the messages count as failed, if the subscription
    ///     doesn't say it itself.
    ///   - tracer: what records a span for each event that is delivered alone, under that of its publisher.
    package init(
        _ declaration: SubscriptionDeclaration, to channel: any AppChannel,
        timeout: Duration = AppRequest.timeoutDefault, tracer: Tracer = .off,
        metrics factory: any MetricsFactory = MetricsSystem.factory
    ) {
        self.declaration = declaration
        self.channel = channel
        self.tracer = tracer
        self.timeout = declaration.options.deliveryTimeout ?? timeout
        metrics = SubscriptionMetrics(component: declaration.pubsub, topic: declaration.topic, factory: factory)
    }

    /// Delivers messages, in their order, and says what the app made of each.
    package func deliver(_ messages: [ReceivedMessage]) async -> [DeliveryOutcome] {
        var outcomes: [DeliveryOutcome] = []
        var routed: [RoutedEvent] = []
        for (index, message) in messages.enumerated() {
            switch route(message) {
            case .success(let event): routed.append(RoutedEvent(index: index, event: event))
            case .failure(let unwanted): outcomes.append(.drop(unwanted.reason))
            }
            // The places of routed messages are filled in below.
            if outcomes.count <= index { outcomes.append(.success) }
        }
        for (index, outcome) in await deliver(routed) { outcomes[index] = outcome }
        return outcomes
    }

    private func deliver(_ events: [RoutedEvent]) async -> [(Int, DeliveryOutcome)] {
        var outcomes: [(Int, DeliveryOutcome)] = []
        guard declaration.bulk != nil else {
            for routed in events { outcomes.append((routed.index, await deliver(routed.event))) }
            return outcomes
        }
        var paths: [String] = []
        for routed in events where !paths.contains(routed.event.path) { paths.append(routed.event.path) }
        for path in paths {
            let group = events.filter { $0.event.path == path }
            let answers = await deliver(bulk: group.map(\.event), to: path)
            outcomes += zip(group.map(\.index), answers)
        }
        return outcomes
    }

    // MARK: - Calls

    private func deliver(_ event: DeliverableEvent) async -> DeliveryOutcome {
        let span = tracer.begin(.consumer, under: event.traceContext)
        let headers = event.headers(span.isRecorded ? span.context : nil)
        var request = AppRequest("POST", event.path, headers: headers, body: event.envelope)
        request.timeout = timeout
        let outcome: DeliveryOutcome
        do throws(AppChannelError) {
            outcome = AppAnswer.outcome(of: try await channel.send(request))
        } catch { outcome = Self.outcome(of: error) }
        end(span, event, outcome)
        return outcome
    }

    private func end(_ span: ActiveSpan, _ event: DeliverableEvent, _ outcome: DeliveryOutcome) {
        guard span.isRecorded else { return }
        let status: TraceSpan.Status =
            switch outcome {
            case .success: .unset
            case .retry(let reason), .drop(let reason), .unreached(let reason): .failed(reason)
            }
        span.end(
            "deliver \(declaration.topic)", status: status,
            [
                TraceSpan.Attribute("messaging.system", declaration.pubsub),
                TraceSpan.Attribute("messaging.destination.name", declaration.topic),
                TraceSpan.Attribute("messaging.message.id", event.message.message.id),
                TraceSpan.Attribute("outrigger.attempt", event.message.attempt),
                TraceSpan.Attribute("url.path", event.path),
            ])
    }

    private func deliver(bulk events: [DeliverableEvent], to path: String) async -> [DeliveryOutcome] {
        let body = BulkEnvelope.json(of: events, declaration)
        let headers = [MessageHeader("content-type", CloudEvent.contentType)]
        var request = AppRequest("POST", path, headers: headers, body: body)
        request.timeout = timeout
        do throws(AppChannelError) {
            return AppAnswer.outcomes(of: try await channel.send(request), entries: events.map(\.message.position))
        } catch { return events.map { _ in Self.outcome(of: error) } }
    }

    private static func outcome(of error: AppChannelError) -> DeliveryOutcome {
        error.isUnsent ? .unreached(error.description) : .retry(error.description)
    }

    // MARK: - Routes

    private func route(_ message: ReceivedMessage) -> Result<DeliverableEvent, UnwantedMessage> {
        var event: DeliverableEvent
        do { event = try DeliverableEvent(message, of: declaration) } catch { return .failure(error) }
        if let expiration = event.attributes.expiration, expiration <= .now() {
            return .failure(UnwantedMessage(reason: "the event has expired"))
        }
        guard let path = path(for: event.envelope) else {
            return .failure(UnwantedMessage(reason: "no rule takes the event, and there is no default route"))
        }
        event.path = path
        return .success(event)
    }

    /// The path of the first rule that takes the event, or the default. A rule that has no value for the event, as of a
    /// missing field, doesn't take it.
    private func path(for envelope: ByteBuffer) -> String? {
        guard declaration.rules.contains(where: { $0.program != nil }) else {
            return declaration.rules.first?.path ?? declaration.defaultPath
        }
        // An event that is nested too deeply is a value for no rule.
        let value = envelope.withUnsafeReadableBytes { try? CELValue.json($0) }
        for rule in declaration.rules {
            guard let program = rule.program else { return rule.path }
            do {
                if let value, try program.matches(value) { return rule.path }
                if value == nil { metrics.countRuleFailure() }
            } catch { metrics.countRuleFailure() }
        }
        return declaration.defaultPath
    }
}

/// An event on its way, with its place among the messages that came.
private struct RoutedEvent {
    var index: Int
    var event: DeliverableEvent
}

/// Why a message is for nobody; a later try changes nothing.
struct UnwantedMessage: Error {
    var reason: String
}
