// SPDX-License-Identifier: Apache-2.0

/// The version of Outrigger and of the contract that its API keeps.
package enum Version {
    package static let outrigger = "0.1.0"
    /// The Dapr runtime whose API is spoken; `GET /v1.0/metadata` reports it as `runtimeVersion`, whose form SDKs check
    /// (`^(edge|\d+\.\d+\.\d+(-rc\.\d+)?)$`).
    package static let dapr = "1.18.3"
}
