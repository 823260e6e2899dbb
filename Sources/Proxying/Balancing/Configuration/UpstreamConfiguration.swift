// SPDX-License-Identifier: Apache-2.0

package import Settings

/// Servers that can stand in for each other, and how requests are spread over them.
package struct UpstreamConfiguration: Sendable, Equatable {
    package init() {}
}

extension UpstreamConfiguration {
    package static var settings: SettingGroup<UpstreamConfiguration> { SettingGroup("Servers that can stand in for each other.", []) }
}
