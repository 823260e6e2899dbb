// SPDX-License-Identifier: Apache-2.0

/// How one subscription of this process stands.
package struct SubscriptionStatus: Sendable, Equatable {
    package var topic: String
    package var group: String
    /// Nil: what is tried in vain is parked.
    package var deadLetterTopic: String?
    /// How many of the group's partitions this process has; other instances have the rest.
    package var partitionCount: Int
    /// Nothing is delivered, because the app is down or unwell.
    package var isPaused: Bool
    /// Messages that aren't done, as far as this process knows.
    package var lagCount: Int64
    /// The age of the oldest of them.
    package var lagSeconds: Double
}
