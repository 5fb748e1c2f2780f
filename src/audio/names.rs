//! What files are that are not read: names for the words of a reject.

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known::*;

/// A format that holds sound, and the bytes that tell it, with their place.
struct Known {
    place: usize,
    bytes: &'static [u8],
    name: &'static str,
}

const fn known(place: usize, bytes: &'static [u8], name: &'static str) -> Known {
    Known { place, bytes, name }
}

/// Sound and film without a reader here.
const SOUND: [Known; 43] = [
    known(0, b"#!AMR", "AMR, the speech codec of phones"),
    known(0, b"#!EVS", "EVS, a speech codec of phones"),
    known(0, b"#!SILK", "SILK"),
    known(0, b"\x02#!SILK", "SILK, as WeChat writes it"),
    known(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "ASF: WMA or WMV"),
    known(8, b"AVI ", "AVI, a film"),
    known(8, b"RMID", "MIDI, notes without sound"),
    known(0, b"MThd", "MIDI, notes without sound"),
    known(0, b"FLV\x01", "Flash video"),
    known(0, b".RMF", "RealMedia"),
    known(0, b".ra\xfd", "RealAudio"),
    known(0, b"wvpk", "WavPack"),
    known(0, b"MAC ", "Monkey's Audio"),
    known(0, b"TTA1", "True Audio"),
    known(0, b"TTA2", "True Audio"),
    known(0, b"ajkg", "Shorten"),
    known(0, b"OFR ", "OptimFROG"),
    known(0, b"LA02", "Lossless Audio"),
    known(0, b"LA03", "Lossless Audio"),
    known(0, b"LA04", "Lossless Audio"),
    known(0, b"tBaK", "TAK"),
    known(0, b"MP+", "Musepack"),
    known(0, b"MPCK", "Musepack"),
    known(0, b"DSD ", "DSD"),
    known(0, b"FRM8", "DSDIFF"),
    known(0, b"Creative Voice File", "Creative Voice"),
    known(0, b"2BIT", "AVR"),
    known(0, b"\x64\xa3\x01\x00", "IRCAM"),
    known(0, b"\x64\xa3\x02\x00", "IRCAM"),
    known(0, b"\x64\xa3\x03\x00", "IRCAM"),
    known(0, b"\x00\x01\xa3\x64", "IRCAM"),
    known(0, b"\x00\x02\xa3\x64", "IRCAM"),
    known(8, b"8SVX", "8SVX"),
    known(8, b"16SV", "16SV"),
    known(8, b"MAUD", "MAUD"),
    known(0, b"PVF1", "PVF"),
    known(0, b"fap ", "Ensoniq PARIS"),
    known(0, b" paf", "Ensoniq PARIS"),
    known(0, b"SPECTRUM", "an SDS or spectrum file"),
    known(0, b"\x00\x00\x01\xba", "MPEG program stream, a film"),
    known(0, b"\x00\x00\x01\xb3", "MPEG video"),
    known(0, b"\x0b\x77", "AC-3"),
    known(0, b"\x7f\xfe\x80\x01", "DTS"),
];

/// What is no sound at all.
const OTHER: [Known; 27] = [
    known(0, b"PK\x03\x04", "a ZIP archive; unpack it first"),
    known(0, b"PK\x05\x06", "an empty ZIP archive"),
    known(0, b"\x1f\x8b", "compressed with gzip; unpack it first"),
    known(0, b"BZh", "compressed with bzip2; unpack it first"),
    known(0, b"\xfd7zXZ\x00", "compressed with xz; unpack it first"),
    known(0, b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it first"),
    known(0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    known(0, b"Rar!", "a RAR archive; unpack it first"),
    known(257, b"ustar", "a tar archive; unpack it first"),
    known(0, b"%PDF", "a PDF document"),
    known(0, b"\x89PNG", "a PNG image"),
    known(0, b"\xff\xd8\xff", "a JPEG image"),
    known(0, b"GIF8", "a GIF image"),
    known(8, b"WEBP", "a WebP image"),
    known(0, b"PAR1", "a Parquet table"),
    known(0, b"ARROW1", "an Arrow table"),
    known(0, b"\x89HDF", "an HDF5 file"),
    known(0, b"MATLAB", "a MATLAB file"),
    known(0, b"\x93NUMPY", "a NumPy array"),
    known(0, b"SQLite format 3", "an SQLite database"),
    known(0, b"\x7fELF", "a program"),
    known(0, b"MZ", "a program"),
    known(0, b"\x00\x05\x16\x07", "an AppleDouble file, which macOS writes beside the real one"),
    known(0, b"\x00\x05\x16\x00", "an AppleSingle file"),
    known(0, b"Bud1", "a folder's view of macOS"),
    known(4, b"Bud1", "a folder's view of macOS"),
    known(0, b"{\\rtf", "a text in RTF"),
];

/// Enough of a file to tell it by.
pub const HEAD_BYTES: usize = 1_024;

fn name_of(table: &[Known], head: &[u8]) -> Option<&'static str> {
    let is_there = |known: &&Known| head.get(known.place..).is_some_and(|rest| rest.starts_with(known.bytes));
    table.iter().find(is_there).map(|known| known.name)
}

/// A format of sound or film that has no reader here.
pub fn sound(head: &[u8]) -> Option<&'static str> {
    // Transport streams repeat their word every 188 bytes, or 192 with times before.
    let repeats = |first: usize, each: usize| (0..3).all(|n| head.get(first + n * each) == Some(&0x47));
    name_of(&SOUND, head).or_else(|| (repeats(0, 188) || repeats(4, 192)).then_some("MPEG transport stream, a film"))
}

/// What a file is that is no sound, with what to do about it.
pub fn other(head: &[u8]) -> Option<&'static str> {
    name_of(&OTHER, head).or_else(|| text(head))
}

/// Kinds of text.
fn text(head: &[u8]) -> Option<&'static str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..);
    if head.is_empty() || !head.iter().all(is_text) {
        return None;
    }
    let word = head.trim_ascii_start().to_ascii_lowercase();
    Some(match word.as_slice() {
        word if word.starts_with(b"<!doctype html") || word.starts_with(b"<html") => {
            "a web page, perhaps of a failed download"
        }
        word if word.starts_with(b"<?xml") || word.starts_with(b"<") => "a text in XML or HTML",
        word if word.starts_with(b"{") || word.starts_with(b"[") => "a text in JSON",
        _ => "a text",
    })
}

/// Name of the codec under a tag of WAV (Microsoft's mmreg.h and RFC 2361).
pub fn wave_codec(tag: u16) -> Option<&'static str> {
    Some(match tag {
        0x0001 => "PCM",
        0x0002 => "Microsoft ADPCM",
        0x0003 => "floating point",
        0x0005 => "IBM CVSD",
        0x0009 => "Microsoft DRM",
        0x000a => "WMA Voice",
        0x0010 => "OKI ADPCM",
        0x0011 => "IMA ADPCM",
        0x0014 => "G.723 ADPCM",
        0x0015 => "DIGISTD",
        0x0016 => "DIGIFIX",
        0x0017 => "Dialogic OKI ADPCM",
        0x0020 => "Yamaha ADPCM",
        0x0022 => "TrueSpeech",
        0x0028 => "LRC",
        0x0031 => "GSM 6.10",
        0x0032 => "MSN Audio",
        0x0034 => "Digital Real Time",
        0x003b => "Rockwell ADPCM",
        0x0040 => "G.721 ADPCM",
        0x0041 => "G.728 CELP",
        0x0042 => "G.723.1",
        0x0045 => "G.726 ADPCM",
        0x0050 => "MPEG layer 1 or 2",
        0x0055 => "MP3",
        0x0057 => "AMR narrow-band",
        0x0058 => "AMR wide-band",
        0x0059 => "Lucent G.723",
        0x0061 => "DUCK ADPCM",
        0x0064 => "G.726 ADPCM",
        0x0065 => "G.722",
        0x0069 => "IMA ADPCM of Xbox",
        0x0070 => "Lernout & Hauspie CELP",
        0x0075 => "Voxware",
        0x0083 => "G.729",
        0x00ff | 0x1600..=0x1602 | 0x1610 | 0x706d | 0xa106 => "AAC",
        0x0130 => "ACELP (Sipro)",
        0x0133 => "G.729A (Sipro)",
        0x0135 => "Kelvin (Sipro)",
        0x0140 => "G.726 (Dictaphone CELP)",
        0x0160..=0x0163 => "Windows Media Audio",
        0x0200 => "Creative ADPCM",
        0x0270 => "ATRAC3",
        0x028e => "G.722.1 (Siren)",
        0x0401 => "Indeo Audio",
        0x1500 => "GSM 6.10 of Nice",
        0x181c | 0x181e => "Voxware RT24",
        0x1971 => "AMR-WB+ or Sonic",
        0x2000 => "AC-3",
        0x2001 => "DTS",
        0x2048 => "Sonic",
        0x566f | 0x674f..=0x6771 => "Vorbis",
        0x5346 => "ADPCM of Flash",
        0x594a => "ADPCM of Psion",
        0x7361 | 0x7362 => "AMR of VoiceAge",
        0xa100 => "G.723.1 of Comverse",
        0xa103 | 0xa105 => "G.722.1 or AVQSBC of Comverse",
        0xa107 => "G.726 or AMR",
        0xa109 => "Speex",
        0xf1ac => "FLAC",
        _ => return None,
    })
}

/// Name of the codec of a stream in Ogg, by its first packet.
pub fn ogg_codec(packet: &[u8]) -> Option<&'static str> {
    let names: [(&[u8], &str); 7] = [
        (b"Speex   ", "Speex"),
        (b"CELT    ", "CELT"),
        (b"PCM     ", "PCM in Ogg"),
        (b"fLaC", "FLAC in Ogg as it was before its mapping was fixed"),
        (b"OggMIDI", "MIDI, notes without sound"),
        (b"Direct Show Samples", "a codec of OGM"),
        (b"\x01audio", "a codec of OGM"),
    ];
    names.iter().find(|(word, _)| packet.starts_with(word)).map(|(_, name)| *name)
}

/// Name of a coding of sound in QuickTime and MP4 by its word (the registry at mp4ra.org, and Apple's QuickTime File
/// Format).
pub fn quicktime_codec(word: &[u8; 4]) -> String {
    let name = match word {
        b"drms" | b"enca" => "sound under copy protection",
        b"samr" => "AMR narrow-band",
        b"sawb" => "AMR wide-band",
        // Its decoder starts each block from a rounded value, which drowns what is quiet.
        b"ima4" => "IMA ADPCM of QuickTime",
        b"agsm" => "GSM 6.10",
        b"QDM2" | b"QDMC" => "QDesign Music",
        b"Qclp" | b"sqcp" => "QCELP",
        b"MAC3" | b"MAC6" => "MACE",
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" => "DTS",
        b"ac-4" => "AC-4",
        b"mlpa" => "TrueHD",
        b"mha1" | b"mhm1" => "MPEG-H",
        b"apac" => "Apple Positional Audio",
        b"spex" => "Speex",
        b".mp1" | b".mp2" => "MPEG audio of layer 1 or 2",
        _ => "a codec without a name here",
    };
    format!("{name} (`{}` of QuickTime or MP4)", word.escape_ascii())
}

/// Name of a codec that symphonia knows and has no decoder for here.
pub fn codec(id: AudioCodecId) -> Option<&'static str> {
    Some(match id {
        CODEC_ID_MP1 | CODEC_ID_MP2 => "MPEG audio of layer 1 or 2",
        CODEC_ID_AAC => "AAC",
        CODEC_ID_AC3 => "AC-3",
        CODEC_ID_EAC3 => "E-AC-3",
        CODEC_ID_AC4 => "AC-4",
        CODEC_ID_DCA => "DTS",
        CODEC_ID_TRUEHD => "TrueHD",
        CODEC_ID_WMA => "Windows Media Audio",
        CODEC_ID_SPEEX => "Speex",
        CODEC_ID_WAVPACK => "WavPack",
        CODEC_ID_MONKEYS_AUDIO => "Monkey's Audio",
        CODEC_ID_TTA => "True Audio",
        CODEC_ID_ADPCM_G722 => "G.722",
        CODEC_ID_ADPCM_G726 | CODEC_ID_ADPCM_G726LE => "G.726",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart() {
        assert_eq!(other(b"\n <!DOCTYPE html><html>"), Some("a web page, perhaps of a failed download"));
        assert_eq!(other(b"\xef\xbb\xbf{\"a\": 1}"), Some("a text in JSON"));
        assert_eq!(other(b"speaker,emotion\r\n01,\xc3\xa4rger\n"), Some("a text"));
        assert_eq!(other(b"\x00\x01\x02"), None);
        assert_eq!(other(b""), None);
    }

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        assert_eq!(sound(b"#!AMR-WB\n..."), Some("AMR, the speech codec of phones"));
        assert_eq!(sound(b"RIFF\x00\x00\x00\x00AVI LIST"), Some("AVI, a film"));
        let mut stream = vec![0_u8; 600];
        for place in [0, 188, 376] {
            stream[place] = 0x47;
        }
        assert_eq!(sound(&stream), Some("MPEG transport stream, a film"));
        assert_eq!(sound(b"RIFF\x00\x00\x00\x00WAVEfmt "), None);
    }
}
