// SPDX-License-Identifier: Apache-2.0

extension SettingGroup {
    /// The settings as lines for a terminal: key, type, default, summary.
    package func table(defaults: Root) -> String {
        let header = ["KEY", "VALUE", "DEFAULT", "SUMMARY"]
        let rows = [header] + rows(defaults: defaults).map { [$0.key, $0.type, $0.defaultText ?? "-", $0.summary] }
        return rows.aligned()
    }

    /// The settings as a page of Markdown, a table for each group.
    package func markdown(defaults: Root, title: String, introduction: String) -> String {
        let rows = rows(defaults: defaults)
        var page = "# \(title)\n\n\(introduction)\n"
        for group in shownGroups {
            let members = rows.filter { $0.group == group.name }
            guard !members.isEmpty else { continue }
            page += "\n## \(group.name.isEmpty ? "Outside any table" : "`\(group.name)`")\n\n"
            if !group.name.isEmpty { page += group.summary + "\n\n" }
            page += "| key | value | default | environment | flags | what it does |\n|---|---|---|---|---|---|\n"
            for row in members {
                let cells = [
                    [row.key].code, [row.type].code, (row.defaultText.map { [$0] } ?? []).code, row.environment.code,
                    row.flags.code, row.summary,
                ]
                page += "| " + cells.joined(separator: " | ") + " |\n"
            }
        }
        return page
    }

    /// What help says of the settings' flags, a paragraph for each group.
    package func flagHelp(defaults: Root) -> String {
        var paragraphs: [String] = []
        for group in shownGroups {
            let flags = all.filter { SettingRow($0, defaults: defaults).group == group.name }
                .flatMap { keyed in keyed.setting.flags.map { $0.help(of: keyed.setting, defaults: defaults) } }
            guard !flags.isEmpty else { continue }
            let title = group.name.isEmpty ? "Other:" : "\(group.name): \(group.summary)"
            paragraphs.append(title + "\n" + flags.aligned(indentation: "  "))
        }
        return paragraphs.joined(separator: "\n\n")
    }
}

extension SettingFlag {
    /// The two columns of help.
    fileprivate func help(of setting: Setting<Root>, defaults: Root) -> [String] {
        let value = self.value ?? setting.value
        let isSwitch = value.schema == .boolean
        let spelling = (short == nil ? "    " : "") + spellings.joined(separator: ", ")
        var text = note ?? setting.summary
        // A flag for a part shows the default of the whole, as it says what the other part stays.
        if let defaultText = setting.shownTexts(defaults)?.joined(separator: ","), !defaultText.isEmpty {
            text += " [\(defaultText)]"
        }
        if value.isList { text += " May be given again." }
        return [spelling + (isSwitch ? "[=true|false]" : " \(value.placeholder)"), text]
    }
}

extension [[String]] {
    /// Lines whose columns stand under each other; the last column is as wide as it likes.
    fileprivate func aligned(indentation: String = "") -> String {
        let columns = (first?.count ?? 1) - 1
        let widths = (0..<columns).map { column in map { $0[column].count }.max() ?? 0 }
        return map { row in
            let padded = row.dropLast().enumerated().map { column, cell in
                cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            return indentation + (padded + row.suffix(1)).joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

extension [String] {
    /// The texts as code in a cell of a Markdown table.
    fileprivate var code: String {
        map { text in "`" + text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|") + "`"
        }
        .joined(separator: " ")
    }
}
