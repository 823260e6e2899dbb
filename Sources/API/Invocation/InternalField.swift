// SPDX-License-Identifier: Apache-2.0

/// The fields by which sidecars talk about a call. A client can set none of them.
package enum InternalField {
    package static let callerAppID = "dapr-caller-app-id"
    package static let callerNamespace = "dapr-caller-namespace"
    package static let calleeAppID = "dapr-callee-app-id"
    package static let ofCaller = [callerAppID, callerNamespace, calleeAppID, callerTrustDomain, secret, refusal]
    /// What the app doesn't get.
    package static let ofSidecars = [secret, callerTrustDomain]
    /// The app that a client calls.
    package static let appID = "dapr-app-id"
    /// The token of the API, and of an app's sidecar.
    package static let token = "dapr-api-token"
    /// What a client says to the API and not to the callee.
    package static let ofAPI = [appID, token]
    /// The callee's secret, which proves that the caller has read the registry.
    package static let secret = "outrigger-secret"
    /// What the caller belongs to, for the callee's access control; absent if it is the default.
    package static let callerTrustDomain = "outrigger-trust-domain"
    /// What kept the callee's sidecar from calling its app.
    package static let refusal = "outrigger-refusal"
}
