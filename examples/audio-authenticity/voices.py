"""People and machines that say the same sentences: recorded prompts out of Debian packages, and three speech synthesizers.

Every recording leaves here in one form, so that nothing but the voice tells them apart: 8,000 samples a second, the band
between 200 and 3,400 Hz, without silence at its ends, equally loud, in 16 bits.
"""

import gzip
import subprocess
import wave
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
from scipy.signal import butter, resample_poly, sosfiltfilt

RATE = 8000
SOUNDS = {
    "en": ("en_US_f_Allison", "Allison"),
    "es": ("es_MX_f_Allison", "Allison"),
    "fr": ("fr_CA_f_June", "June"),
    "it": ("it_IT_m_Carlo", "Carlo"),
    "ru": ("ru_RU_f_IvrvoiceRU", "Ivrvoice"),
}
PACKAGES = [f"asterisk-core-sounds-{language}{kind}" for language in SOUNDS for kind in ("", "-wav")]
ESPEAK = {"en": "en-us", "es": "es-419", "fr": "fr-fr", "it": "it", "ru": "ru"}
VARIANTS = ("m1", "m3", "f2", "f4")
FLITE = ("kal16", "awb", "rms", "slt")
FESTIVAL = {
    "en": ("kal_diphone", "ked_diphone", "cmu_us_slt_arctic_hts"),
    "it": ("lp_diphone", "pc_diphone"),
    "ru": ("msu_ru_nsh_clunits",),
}
PEOPLE, MACHINES = 250, 45  # sentences a voice says, at most
SHORTEST = 1.0  # seconds


@dataclass
class Recording:
    """`source` is the speaker, or the synthesizer."""

    synthetic: bool
    source: str
    voice: str
    language: str
    sentence: str
    samples: np.ndarray


def fetch(folder):
    """The packages' files; needs apt and dpkg, not root."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        if not list(folder.glob(f"{package}_*.deb")):
            subprocess.run(["apt-get", "download", package], cwd=folder, check=True, capture_output=True)
        archive = next(folder.glob(f"{package}_*.deb"))
        if not (folder / "files/usr/share/doc" / package).exists():
            subprocess.run(["dpkg-deb", "-x", archive, folder / "files"], check=True)
    return folder / "files/usr/share"


def sentences(share, language):
    """Name of the prompt to its text, of those that are sentences and not single words."""
    path = share / f"doc/asterisk-core-sounds-{language}/core-sounds-{language}.txt.gz"
    lines = gzip.decompress(path.read_bytes()).decode("utf-8-sig").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith(";"))
    texts = {name.strip(): text.strip() for name, text in pairs}
    return {name: text for name, text in sorted(texts.items()) if len(text) >= 20 and not set(text) & set("[]()<>{}/\\\"")}


def samples(path):
    with wave.open(str(path)) as file:
        rate, data = file.getframerate(), file.readframes(file.getnframes())
    sound = np.frombuffer(data, "<i2").astype(float) / 32768
    if rate != RATE:
        common = gcd(rate, RATE)
        sound = resample_poly(sound, RATE // common, rate // common)
    return sound


BAND = butter(6, (200, 3400), "bandpass", fs=RATE, output="sos")


def alike(sound):
    """One form for all; none where too little is left."""
    if len(sound) < RATE * SHORTEST:
        return None
    sound = sosfiltfilt(BAND, sound)
    frame = RATE // 50
    loud = np.sqrt(np.mean(sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2, 1))
    voiced = np.flatnonzero(loud > loud.max() / 30)
    sound = sound[voiced[0] * frame : (voiced[-1] + 1) * frame]
    if len(sound) < RATE * SHORTEST:
        return None
    sound = sound * 0.05 / np.sqrt(np.mean(sound**2))
    return (np.clip(np.round(sound * 32768), -32768, 32767) / 32768).astype(np.float32)


def people(share):
    for language, (folder, speaker) in SOUNDS.items():
        taken = 0
        for name in sentences(share, language):
            path = share / f"asterisk/sounds/{folder}/{name}.wav"
            sound = alike(samples(path)) if path.exists() else None
            if sound is not None and taken < PEOPLE:
                taken += 1
                yield Recording(False, speaker, speaker, language, name, sound)


def speak(folder, share):
    """Has the machines speak what is not there yet; yields what each file is."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in SOUNDS:
        texts = list(sentences(share, language).items())
        voices = [("espeak-ng", f"{ESPEAK[language]}+{variant}") for variant in VARIANTS]
        voices += [("flite", voice) for voice in FLITE if language == "en"]
        voices += [("festival", voice) for voice in FESTIVAL.get(language, ())]
        for nth, (engine, voice) in enumerate(voices):
            # Each voice says its own part of the sentences.
            said = texts[nth :: len(voices)][:MACHINES]
            if engine == "festival" and language == "it":
                said = [(name, text) for name, text in said if text.isascii()]
            files = [(name, text, folder / f"{engine}.{voice}.{language}.{name.replace('/', '_')}.wav") for name, text in said]
            missing = [item for item in files if not item[2].exists()]
            SPEAKERS[engine](voice, missing)
            for name, _, path in files:
                yield engine, voice, language, name, path


def espeak(voice, items):
    for _, text, path in items:
        subprocess.run(["espeak-ng", "-v", voice, "-w", path, text], check=True)


def flite(voice, items):
    for _, text, path in items:
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True)


def festival(voice, items):
    lines = [f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{path}" \'riff)' for _, text, path in items]
    subprocess.run(["festival", "--pipe"], input="\n".join([f"(voice_{voice})", *lines]), text=True, check=True, capture_output=True)


SPEAKERS = {"espeak-ng": espeak, "flite": flite, "festival": festival}


def machines(folder, share):
    for engine, voice, language, name, path in speak(folder, share):
        sound = alike(samples(path)) if path.exists() else None
        if sound is not None:
            yield Recording(True, engine, voice, language, name, sound)


def recordings(folder):
    folder = Path(folder).absolute()
    share = fetch(folder / "packages")
    return [*people(share), *machines(folder / "spoken", share)]
