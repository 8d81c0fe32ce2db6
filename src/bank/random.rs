//! Chance that can be repeated: everything random in the bank is drawn from a hash of what it belongs to.

/// The finaliser of splitmix64: every bit of the input moves every bit of the output.
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Names a thing (an account, a day of it, a transaction) by a hash of its path from the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u64);

impl Key {
    /// The root of everything under that seed.
    pub fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// The part with that number.
    pub fn number(self, n: u64) -> Self {
        Self(mix(self.0 ^ mix(n)))
    }

    /// The part with that name.
    pub fn name(self, text: &str) -> Self {
        let hash = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        self.number(hash)
    }

    /// An opaque id: 24 hexadecimal digits.
    pub fn id(self) -> String {
        format!("{:016x}{:08x}", mix(self.0), mix(!self.0) >> 32)
    }

    /// What chance brings to this thing.
    pub fn draw(self) -> Draw {
        Draw(self.0)
    }
}

/// A sequence of draws.
#[derive(Clone, Debug)]
pub(super) struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `n`; 0 if `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next().checked_rem(n).unwrap_or_default()
    }

    /// A number between both, inclusive; `low` if they are in the wrong order.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).map_or(1, |span| span + 1);
        low + i64::try_from(self.below(span)).unwrap_or_default()
    }

    /// True in so many cases of a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(usize::try_from(self.below(from.len() as u64)).unwrap_or_default())
    }

    /// So many digits, the first of which is no zero.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|i| {
                char::from(
                    b'0' + u8::try_from(if i == 0 { 1 + self.below(9) } else { self.below(10) }).unwrap_or_default(),
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_depend_on_every_step_of_the_path() {
        let root = Key::new(1);
        let paths = [
            root,
            Key::new(2),
            root.number(1),
            root.number(2),
            root.name("a"),
            root.name("b"),
            root.number(1).name("a"),
            root.name("a").number(1),
        ];
        let ids: std::collections::BTreeSet<String> = paths.iter().map(|key| key.id()).collect();
        assert_eq!(ids.len(), paths.len());
        assert_eq!(root.number(1).id(), Key::new(1).number(1).id());
    }

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut draw = Key::new(7).draw();
        for _ in 0..1000 {
            assert!((-3..=3).contains(&draw.between(-3, 3)));
        }
        assert_eq!(draw.between(5, 4), 5);
        assert_eq!(draw.below(0), 0);
        let hits = (0..10_000).filter(|_| draw.chance(20)).count();
        assert!((120..280).contains(&hits), "{hits} of 10,000 at 2 %");
    }
}
