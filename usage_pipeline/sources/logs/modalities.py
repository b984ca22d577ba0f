"""A prompt's tokens by modality, disjoint, where a source gives audio and image tokens as parts of the whole."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir


@dataclass(frozen=True, slots=True)
class InputParts:
    """Disjoint: what is `cached` of text is below zero where the parts are larger than the whole."""

    text: ir.IntegerValue
    audio: ir.IntegerValue
    image: ir.IntegerValue
    text_cached: ir.IntegerValue
    audio_cached: ir.IntegerValue
    image_cached: ir.IntegerValue


def input_parts(uncached: ir.IntegerValue, cached: ir.IntegerValue, audio: ir.IntegerValue, image: ir.IntegerValue) -> InputParts:
    """Audio and image tokens beyond the uncached ones must have been cached: no payload says it apart."""
    audio_uncached = ibis.least(audio, uncached)
    image_uncached = ibis.least(image, uncached - audio_uncached)
    audio_cached, image_cached = audio - audio_uncached, image - image_uncached
    return InputParts(
        text=uncached - audio_uncached - image_uncached,
        audio=audio_uncached,
        image=image_uncached,
        text_cached=cached - audio_cached - image_cached,
        audio_cached=audio_cached,
        image_cached=image_cached,
    )
