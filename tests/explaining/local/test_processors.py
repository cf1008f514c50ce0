"""Pictures and texts become what each family's network is given, without torchvision."""

import json
import shutil

import pytest
from transformers.processing_utils import ProcessorMixin

from gleam.errors import GleamError
from gleam.explaining.local.chat import Chat, explanation_chat, typed_messages, verdict_chat
from gleam.explaining.local.families import FAMILIES, TURNS, chat_template
from gleam.explaining.local.processors import load_processor
from gleam.views import View

BY_TYPE = {family.model_type: family for family in FAMILIES}
NAMES = sorted(BY_TYPE)


@pytest.mark.parametrize("name", NAMES)
def test_as_many_picture_tokens_as_the_network_makes_vectors(loaded, query, tile, name):
    local = loaded[name]
    assert isinstance(local.processor, ProcessorMixin)
    batch = local.inputs([verdict_chat(query, tile, View.DRONE, "en")])
    marks = int((batch["input_ids"] == local.processor.image_token_id).sum())
    if "image_grid_thw" in batch:
        wanted = int(batch["image_grid_thw"].prod(dim=1).sum()) // 4
    else:
        wanted = len(batch["pixel_values"]) * {"internvl": 4, "llava": 16}[name]
    assert marks == wanted > 0


@pytest.mark.parametrize("name", NAMES)
def test_only_the_answer_is_marked_for_learning(loaded, query, tile, name):
    local = loaded[name]
    chats = [
        Chat(c.system, c.question, c.pictures, answer)
        for c, answer in (
            (verdict_chat(query, tile, View.DRONE, "en"), "Yes"),
            (explanation_chat(query, tile, View.MAP, "zh"), '{"evidence":["两张图都有河。"]}'),
        )
    ]
    batch = local.inputs(chats, with_answers=True)
    end = local.turns.end
    learnt = [
        local.processor.tokenizer.decode(ids[mask.bool()])
        for ids, mask in zip(batch["input_ids"], batch["assistant_masks"], strict=True)
    ]
    assert learnt == [f"Yes{end}", f'{{"evidence":["两张图都有河。"]}}{end}']


@pytest.mark.parametrize("name", NAMES)
def test_the_prompt_is_the_beginning_of_the_conversation(loaded, query, tile, name):
    local = loaded[name]
    chat = verdict_chat(query, tile, View.GROUND, "zh")
    asked = local.inputs([chat])["input_ids"][0].tolist()
    known = Chat(chat.system, chat.question, chat.pictures, "是")
    whole = local.inputs([known], with_answers=True)["input_ids"][0].tolist()
    assert whole[: len(asked)] == asked


def test_a_folder_saved_by_a_new_release_is_read_too(folders, tmp_path):
    copy = shutil.copytree(folders["qwen2_5_vl"], tmp_path / "copy")
    pictures = json.loads((copy / "preprocessor_config.json").read_text())
    (copy / "preprocessor_config.json").unlink()
    nested = {"processor_class": "Qwen2_5_VLProcessor", "image_processor": pictures}
    (copy / "processor_config.json").write_text(json.dumps(nested))
    config = json.loads((copy / "config.json").read_text())
    processor, _ = load_processor(copy, BY_TYPE["qwen2_5_vl"], config, 112)
    assert processor.image_processor.patch_size == 14
    assert processor.image_processor.size["longest_edge"] == 112**2


def test_more_pixels_cut_a_picture_up_for_internvl(folders, query, tile):
    config = json.loads((folders["internvl"] / "config.json").read_text())
    few, _ = load_processor(folders["internvl"], BY_TYPE["internvl"], config, 56)
    many, _ = load_processor(folders["internvl"], BY_TYPE["internvl"], config, 112)
    assert not few.image_processor.crop_to_patches
    assert many.image_processor.max_patches == 4


def test_the_turns_of_llava_1_5_read_as_it_was_trained():
    import jinja2
    from transformers.utils.chat_template_utils import render_jinja_template

    assert jinja2
    template = chat_template(BY_TYPE["llava"], TURNS["vicuna"])
    messages = typed_messages(
        Chat("Rules.", "<image> and <image>: same?", ("a", "b"), "Yes").messages(), ("a", "b")
    )
    (text,), (spans,) = render_jinja_template(
        [messages], chat_template=template, return_assistant_tokens_mask=True
    )
    assert text == "Rules. USER: <image> and <image>: same? ASSISTANT: Yes</s>"
    assert [text[a:b] for a, b in spans] == [" Yes</s>"]


def test_pictures_and_marks_must_agree():
    chat = Chat("s", "<image> only one", ("a", "b"))
    with pytest.raises(GleamError, match="2 pictures but only 1 marks"):
        typed_messages(chat.messages(), chat.pictures)
    with pytest.raises(GleamError, match="1 marks but 0 pictures"):
        typed_messages(chat.messages(), ())


def test_a_mark_in_an_answer_is_only_text():
    chat = Chat("s", "<image> and <image>", ("a", "b"), "I saw <image>")
    typed = typed_messages(chat.messages(), chat.pictures)
    assert typed[-1]["content"] == [{"type": "text", "text": "I saw <image>"}]
