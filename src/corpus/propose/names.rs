//! Paths of audio files, taken apart.

use std::collections::BTreeMap;

use super::column::Column;
use super::level::{Level, MOST, Place, Span};

/// Folders that are looked into, from either end.
const MOST_FOLDERS: usize = 6;

/// The parts of all paths in which they differ.
pub(super) struct Names<'a> {
    pub levels: Vec<Level<'a>>,
    /// Folders of nearly all paths, at the least.
    depth: usize,
}

/// A place in every path: some atoms of a part, or the whole part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    /// Number of the part.
    pub level: usize,
    /// None: the whole part, or a word that stands anywhere in it.
    pub span: Option<Span>,
    /// Whether it is such a word.
    pub is_word: bool,
}

/// What stands at a spot.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    pub spot: Spot,
    pub column: Column<'a>,
}

impl<'a> Names<'a> {
    /// Takes apart paths that have `/` between folders and no extension.
    pub fn new(paths: &'a [String]) -> Self {
        let mut depths = BTreeMap::<usize, usize>::new();
        paths.iter().for_each(|path| *depths.entry(path.matches('/').count()).or_default() += 1);
        let is_one = depths.values().any(|count| *count as f64 >= MOST * paths.len() as f64);
        let mut below = 0;
        let deep = depths.iter().find(|(_, count)| {
            below += **count;
            below as f64 > (1.0 - MOST) * paths.len() as f64
        });
        let depth = deep.map_or(0, |(depth, _)| *depth);
        let ups = (1..=depth.min(MOST_FOLDERS)).rev().map(Place::Up);
        let tops = (0..depth.min(MOST_FOLDERS)).filter(|_| !is_one).map(Place::Top);
        let places = tops.chain(ups).chain([Place::Stem]);
        Self { levels: places.filter_map(|place| Level::new(place, paths)).collect(), depth }
    }

    /// Every spot, with what stands there.
    pub fn fields(&self) -> Vec<Field<'a>> {
        let mut fields = Vec::new();
        for (number, level) in self.levels.iter().enumerate() {
            let spans = level.spans().into_iter().map(Some);
            // A folder whose names have several lengths.
            let whole = (level.gap.is_some() && level.place != Place::Stem).then_some(None);
            for span in spans.chain(whole) {
                let column = span.as_ref().map_or_else(|| level.whole(), |span| level.column(span));
                fields.push(Field { column, spot: Spot { level: number, span, is_word: false } });
            }
        }
        fields
    }

    /// The part that a spot lies in.
    pub fn level(&self, spot: &Spot) -> &Level<'a> {
        &self.levels[spot.level]
    }

    /// Whether a spot lies in a folder.
    pub fn is_folder(&self, spot: &Spot) -> bool {
        self.level(spot).place != Place::Stem
    }

    /// Whether two spots share an atom.
    pub fn overlap(&self, a: &Spot, b: &Spot) -> bool {
        let of = |spot: &Spot| spot.span.clone().unwrap_or(0..=usize::MAX);
        let (first, second) = (of(a), of(b));
        a.level == b.level && first.start() <= second.end() && second.start() <= first.end()
    }

    /// A regular expression over whole paths, with each named group at its spot. None where short names have no room for
    /// all of them.
    pub fn pattern(&self, groups: &[Group]) -> Option<String> {
        let of = |place: Place| {
            let level = self.levels.iter().position(|level| level.place == place)?;
            let groups = groups.iter().filter(|group| group.spot.level == level).collect::<Vec<_>>();
            (!groups.is_empty()).then(|| level_regex(&self.levels[level], &groups))
        };
        let places = groups.iter().map(|group| self.level(&group.spot).place);
        let (tops, ups) = places.fold((0, 0), |(tops, ups), place| match place {
            Place::Top(level) => (tops.max(level + 1), ups),
            Place::Up(level) => (tops, ups.max(level)),
            Place::Stem => (tops, ups),
        });
        if tops > 0 && tops + ups > self.depth {
            return None;
        }
        let mut pattern = if tops > 0 { "^".to_owned() } else { "(?:^|/)".to_owned() };
        for level in 0..tops {
            pattern += &of(Place::Top(level)).unwrap_or_else(|| Some("[^/]+".to_owned()))?;
            pattern += "/";
        }
        if tops > 0 {
            pattern += "(?:.*/)?";
        }
        for level in (1..=ups).rev() {
            pattern += &of(Place::Up(level)).unwrap_or_else(|| Some("[^/]+".to_owned()))?;
            pattern += "/";
        }
        match of(Place::Stem) {
            Some(stem) => pattern += &format!(r"{}\.\w+$", stem?),
            None => pattern += "[^/]+$",
        }
        Some(pattern)
    }
}

/// A named group of a pattern.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub name: String,
    pub spot: Spot,
    /// What it matches, where that is told better than by the kind of its characters.
    pub regex: Option<String>,
}

/// The regular expression of one part of a path.
fn level_regex(level: &Level<'_>, groups: &[&Group]) -> Option<String> {
    if let Some(whole) = groups.iter().find(|group| group.spot.span.is_none()) {
        let group = format!("(?P<{}>{})", whole.name, whole.regex.as_deref().unwrap_or("[^/]+"));
        let regex = if whole.spot.is_word { format!(r"(?:[^/]*[^/\pL])?{group}(?:[^/\pL][^/]*)?") } else { group };
        return (groups.len() == 1).then_some(regex);
    }
    let spans = || groups.iter().filter_map(|group| group.spot.span.clone());
    let Some(gap) = level.gap else {
        return Some(atoms_regex(level, groups, 0..=level.atoms.len() - 1) + &level.after);
    };
    let head = spans().map(|span| *span.end()).filter(|end| *end < gap).max();
    let tail = spans().map(|span| *span.start()).filter(|start| *start >= gap).min();
    if !level.is_room(head, tail) {
        return None;
    }
    let last = level.atoms.len() - 1;
    let beginning = head.map(|head| atoms_regex(level, groups, 0..=head)).unwrap_or_default();
    let end = tail.map(|tail| {
        let sign = if level.atoms[tail].before.is_empty() { "[^A-Za-z0-9/]" } else { &level.atoms[tail].before };
        let begin = if beginning.is_empty() { format!("(?:[^/]*{sign})?") } else { format!("(?:[^/]*)?{sign}") };
        begin + atoms_regex(level, groups, tail..=last).trim_start_matches(sign) + &level.after
    });
    Some(beginning + &end.unwrap_or_else(|| "[^/]*".to_owned()))
}

/// The regular expression of some atoms, with what stands between them.
fn atoms_regex(level: &Level<'_>, groups: &[&Group], atoms: Span) -> String {
    let mut regex = String::new();
    for at in atoms {
        let atom = &level.atoms[at];
        regex += &atom.before;
        let mut begun = groups.iter().filter(|group| span(group).start() == &at).collect::<Vec<_>>();
        // A group that holds another begins first.
        begun.sort_by_key(|group| std::cmp::Reverse(*span(group).end()));
        begun.iter().for_each(|group| regex += &format!("(?P<{}>", group.name));
        let own = begun.iter().find(|group| span(group).end() == &at).and_then(|group| group.regex.as_deref());
        regex += own.unwrap_or(&atom.regex);
        let ended = groups.iter().filter(|group| span(group).end() == &at).count();
        regex += &")".repeat(ended);
    }
    regex
}

fn span(group: &Group) -> Span {
    group.spot.span.clone().unwrap_or(0..=0)
}
