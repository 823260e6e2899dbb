// SPDX-License-Identifier: Apache-2.0

package import Settings

/// Which names a proxy's metrics have beside their own.
package struct HTTPMetricsConfiguration: Sendable, Equatable {
    package var compatibility: [HTTPMetricsCompatibility] = []

    package init() {}
}

/// Whose metrics a proxy's requests are counted as, too, so that tools that ask for those work unchanged: Flagger's
/// built-in checks are one. An upstream stands for a workload of its name.
package enum HTTPMetricsCompatibility: String, Sendable, CaseIterable {
    case istio, linkerd
}

extension HTTPMetricsConfiguration {
    package static var settings: SettingGroup<HTTPMetricsConfiguration> {
        SettingGroup(
            "What is counted of requests.",
            [
                .setting(
                    "compatibility", list: \.compatibility, .choice,
                    "Counts requests under the names of these too, with each upstream as a workload; for Flagger.")
            ])
    }
}
