// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks

/// A configured pub/sub component as the faces of the API and the subscriptions see it: a broker, under a name, with
/// what one app may do there.
package struct PubSubComponent: Sendable {
    package let name: String
    /// Dapr's name of the type, such as `pubsub.in-memory`.
    package let type: String
    package let version: String
    package let broker: any Broker
    package let scopes: TopicScopes
    package let publisher: Publisher

    package init(
        name: String, type: String, version: String, broker: any Broker, scopes: TopicScopes = TopicScopes(),
        appID: String
    ) {
        self.name = name
        self.type = type
        self.version = version
        self.broker = broker
        self.scopes = scopes
        publisher = Publisher(pubsub: name, appID: appID, features: broker.features, scopes: scopes)
    }
}
