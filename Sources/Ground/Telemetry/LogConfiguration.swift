// SPDX-License-Identifier: Apache-2.0

package import Logging

package struct LogConfiguration: Sendable, Equatable {
    package enum Format: String, Sendable, CaseIterable { case text, json }

    package var level = Logger.Level.info
    package var format = Format.text

    package init() {}
}
