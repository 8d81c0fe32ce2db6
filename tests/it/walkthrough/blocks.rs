//! The blocks of the README that are run, and what they are said to print.

/// What is pasted, and what comes.
pub struct Block {
    /// Where it stands in the README.
    pub line: usize,
    pub script: String,
    /// Empty where nothing is printed.
    pub answer: String,
}

/// A fenced block.
struct Fenced<'a> {
    line: usize,
    language: &'a str,
    text: String,
}

/// The blocks marked `sh walkthrough`, each with the `json` or `text` block that follows it before the next one of the shell's.
pub fn blocks(readme: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for fenced in fenced(readme) {
        match (fenced.language, blocks.last_mut()) {
            ("sh walkthrough", _) => {
                blocks.push(Block { line: fenced.line, script: fenced.text, answer: String::new() });
                open = true;
            }
            ("json" | "text", Some(block)) if open => {
                block.answer = fenced.text;
                open = false;
            }
            _ => open = false,
        }
    }
    blocks
}

fn fenced(markdown: &str) -> Vec<Fenced<'_>> {
    let mut found = Vec::new();
    let mut lines = markdown.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let inside = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim_start() != "```");
            found.push(Fenced { line: index + 1, language, text: inside.collect::<Vec<_>>().join("\n") });
        }
    }
    found
}

#[test]
fn a_block_has_the_answer_that_follows_it() {
    let text = "```text\nbefore\n```\n```sh walkthrough\na\nb\n```\n```sh walkthrough\nc\n```\nsee:\n```json\n{}\n```\n```json\n1\n```\n";
    let found = blocks(text);
    let seen: Vec<_> = found.iter().map(|block| (block.line, &*block.script, &*block.answer)).collect();
    assert_eq!(seen, [(4, "a\nb", ""), (8, "c", "{}")]);
}
