//! Pointers that stand in the place of recordings that were not fetched.

/// What stands in the place of a recording that was not fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointer {
    /// Git LFS.
    GitLfs,
    /// git-annex, also as part of DataLad.
    GitAnnex,
    /// DVC, Data Version Control.
    Dvc,
}

impl Pointer {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::GitLfs, Self::GitAnnex, Self::Dvc];

    /// The pointer that begins in `head`.
    pub fn of(head: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(head).ok()?;
        let has_line = |word: &str| text.lines().any(|line| line.trim_start_matches(['-', ' ']).starts_with(word));
        if text.starts_with("version https://git-lfs") {
            Some(Self::GitLfs)
        } else if has_line("outs:") && (has_line("md5:") || has_line("hash:")) {
            Some(Self::Dvc)
        } else {
            // Where links cannot be made, a file holds what the link would.
            text.lines().next().and_then(Self::of_link)
        }
    }

    /// The pointer that a path of git-annex is, as links and files name it.
    pub fn of_link(target: &str) -> Option<Self> {
        let (folder, _) = target.rsplit_once("/annex/objects/")?;
        (folder.is_empty() || folder.ends_with(".git")).then_some(Self::GitAnnex)
    }

    /// Whose pointer it is.
    pub fn name(self) -> &'static str {
        match self {
            Self::GitLfs => "Git LFS",
            Self::GitAnnex => "git-annex",
            Self::Dvc => "DVC",
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::GitLfs => "run `git lfs pull` where the corpus was cloned",
            Self::GitAnnex => "run `git annex get .` (or `datalad get .`) where the corpus was cloned",
            Self::Dvc => "run `dvc pull` where the corpus was cloned, and leave the .dvc files out",
        }
    }

    /// What a record calls the count of such rejects.
    pub fn counted_as(self) -> &'static str {
        match self {
            Self::GitLfs => "lfs_pointers",
            Self::GitAnnex => "annex_pointers",
            Self::Dvc => "dvc_pointers",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_told_by_what_they_name() {
        let cases: [(&str, Option<Pointer>); 8] = [
            ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", Some(Pointer::GitLfs)),
            ("/annex/objects/SHA256E-s31390--0a1b.wav\n", Some(Pointer::GitAnnex)),
            ("../../.git/annex/objects/Q8/xk/SHA256E-s9--0a.wav/SHA256E-s9--0a.wav", Some(Pointer::GitAnnex)),
            ("outs:\n- md5: a304afb96060aad90176268345e10355\n  size: 4\n  path: a.wav\n", Some(Pointer::Dvc)),
            ("md5: 00\nouts:\n- hash: md5\n  path: a.wav\n", Some(Pointer::Dvc)),
            ("see /annex/objects/ for more\n", None),
            ("outs: none\n", None),
            ("speaker,emotion\n01,anger\n", None),
        ];
        for (text, want) in cases {
            assert_eq!(Pointer::of(text.as_bytes()), want, "{text}");
        }
    }
}
