// SPDX-License-Identifier: Apache-2.0

/// The two forms of the PROXY protocol, in which a proxy tells a server who its client is.
package enum ProxyProtocolVersion: String, Sendable, CaseIterable {
    case v1, v2
}
