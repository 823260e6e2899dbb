// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Proxying
package import Subscriptions
import Synchronization
import WireHTTP

/// How the sidecar reaches its app, for `GET /v1.0/metadata`.
package struct AppConnection: Sendable, Equatable {
    package var port: Int
    /// Dapr's name of the protocol, such as `http`.
    package var `protocol`: String
    package var address: String

    package init(port: Int, protocol: String, address: String) {
        self.port = port
        self.protocol = `protocol`
        self.address = address
    }
}

/// What the sidecar tells about itself. The app and Runtime may add fields at any time.
package final class SidecarMetadata: Sendable {
    /// Fields that can be added, so that nobody fills the memory with them.
    package static let fieldsMax = 256
    /// The longest name and value of a field together, in bytes.
    package static let fieldBytesMax = 16 << 10

    package let appID: String
    private let app: AppConnection?
    /// The names of `kind: HTTPEndpoint`.
    private let endpoints: [String]
    private let extended: Mutex<[String: String]>
    private let subscriptions = Mutex<[SubscriptionDeclaration]>([])

    package init(
        appID: String, app: AppConnection?, endpoints: [String] = [], extended: [String: String] = [:]
    ) {
        self.appID = appID
        self.app = app
        self.endpoints = endpoints
        self.extended = Mutex(extended)
    }

    /// Adds or replaces a field, such as `appPID`; false if there are too many or it is too long.
    @discardableResult
    package func set(_ name: String, _ value: String) -> Bool {
        guard name.utf8.count + value.utf8.count <= Self.fieldBytesMax else { return false }
        return extended.withLock { extended in
            guard extended[name] != nil || extended.count < Self.fieldsMax else { return false }
            extended[name] = value
            return true
        }
    }

    /// What the app is subscribed to.
    package func set(subscriptions: [SubscriptionDeclaration]) {
        self.subscriptions.withLock { $0 = subscriptions }
    }

    package func remove(_ name: String) { extended.withLock { _ = $0.removeValue(forKey: name) } }

    /// A public answer leaves out the app's command, in which people write passwords.
    func response(components: APIComponents, isPublic: Bool) -> HTTPResponse {
        var json = JSONWriter(capacity: 1024)
        json.beginObject()
        json.field("id", appID)
        json.field("runtimeVersion", Version.dapr)
        for empty in ["enabledFeatures", "actors"] { Self.writeEmptyArray(empty, to: &json) }
        json.key("components")
        json.beginArray()
        for component in components.state.map(Component.init) + components.pubsub.map(Component.init) {
            component.write(to: &json)
        }
        json.endArray()
        writeExtended(isPublic: isPublic, to: &json)
        writeSubscriptions(to: &json)
        writeEndpoints(to: &json)
        writeApp(to: &json)
        // There are no actors and no workflows here, and Dapr's words for that are these.
        json.key("actorRuntime")
        json.raw(#"{"runtimeStatus":"DISABLED","hostReady":false}"#.utf8)
        json.key("workflows")
        json.raw("{}".utf8)
        json.endObject()
        return .json(.ok, json)
    }

    /// What is told of a component, whatever it is for.
    private struct Component {
        var name: String
        var type: String
        var version: String
        var capabilities: [String]
        var durability: String

        init(_ state: StateComponent) {
            (name, type, version) = (state.name, state.type, state.version)
            (capabilities, durability) = (state.features.capabilities, state.durability.rawValue)
        }

        init(_ pubsub: PubSubComponent) {
            (name, type, version) = (pubsub.name, pubsub.type, pubsub.version)
            (capabilities, durability) = (pubsub.broker.features.capabilities, pubsub.broker.durability.rawValue)
        }

        func write(to json: inout JSONWriter) {
            json.beginObject()
            json.field("name", name)
            json.field("type", type)
            json.field("version", version)
            json.key("capabilities")
            json.beginArray()
            for capability in capabilities { json.string(capability) }
            json.endArray()
            json.field("durability", durability)
            json.endObject()
        }
    }

    private func writeSubscriptions(to json: inout JSONWriter) {
        json.key("subscriptions")
        json.beginArray()
        for subscription in subscriptions.withLock({ $0 }) {
            json.beginObject()
            json.field("pubsubname", subscription.pubsub)
            json.field("topic", subscription.topic)
            json.key("rules")
            json.beginArray()
            for rule in subscription.rules { Self.write(match: rule.match, path: rule.path, to: &json) }
            if let path = subscription.defaultPath { Self.write(match: "", path: path, to: &json) }
            json.endArray()
            json.key("metadata")
            json.beginObject()
            for header in subscription.metadata { json.field(header.name, header.value) }
            json.endObject()
            if let topic = subscription.deadLetterTopic { json.field("deadLetterTopic", topic) }
            json.field("type", subscription.origin.rawValue)
            json.endObject()
        }
        json.endArray()
    }

    private static func write(match: String, path: String, to json: inout JSONWriter) {
        json.beginObject()
        if !match.isEmpty { json.field("match", match) }
        json.field("path", path)
        json.endObject()
    }

    private func writeEndpoints(to json: inout JSONWriter) {
        json.key("httpEndpoints")
        json.beginArray()
        for name in endpoints {
            json.beginObject()
            json.field("name", name)
            json.endObject()
        }
        json.endArray()
    }

    private func writeExtended(isPublic: Bool, to json: inout JSONWriter) {
        var fields = extended.withLock { $0 }
        if isPublic { fields["appCommand"] = nil }
        fields["daprRuntimeVersion"] = Version.dapr
        fields["outriggerVersion"] = Version.outrigger
        json.key("extended")
        json.beginObject()
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { json.field(name, value) }
        json.endObject()
    }

    private func writeApp(to json: inout JSONWriter) {
        json.key("appConnectionProperties")
        json.beginObject()
        if let app {
            json.field("port", app.port)
            json.field("protocol", app.protocol)
            json.field("channelAddress", app.address)
        }
        json.endObject()
    }

    private static func writeEmptyArray(_ name: String, to json: inout JSONWriter) {
        json.key(name)
        json.beginArray()
        json.endArray()
    }
}
