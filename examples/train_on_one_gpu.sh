#!/usr/bin/env bash
# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
#
# Trains a model for each language on one GPU: code alone first, then pairs, read with their neighbours.
#
#   DATA=data OUT=runs MINUTES=60 examples/train_on_one_gpu.sh bash python cf
#
# DATA has a folder for each language: *.jsonl files of pairs, but for validation.jsonl, which is measured on, and test*,
# which is left alone; snippets.txt or a folder snippets/, if it is there, is code without prompts. What is invented and
# the cookbook are added. After MINUTES it stops with a checkpoint; run again, it goes on from there, until each
# OUT/LANGUAGE is a pipeline. PRESET is the size (small). STEPS and PRETRAIN_STEPS, ROWS (invented ones) and BATCH are
# for another pace, SETTINGS for more of `codefusion train`, such as "--set training.torch_compile=false".
set -euo pipefail

DATA=${DATA:?a folder with a folder of pairs for each language}
OUT=${OUT:-runs}
MINUTES=${MINUTES:-60}
PRESET=${PRESET:-small}
PRETRAIN_STEPS=${PRETRAIN_STEPS:-20000}
STEPS=${STEPS:-60000}
ROWS=${ROWS:-500000}
BATCH=${BATCH:-512} # programs of 32 tokens and more: 16,000 tokens
read -ra SETTINGS <<<"${SETTINGS:-}"

deadline=$((SECONDS + MINUTES * 60))

# train FOLDER LANGUAGE ARGUMENTS...: one phase, as far as there is time; what is finished is left alone.
train() {
    local folder=$1 language=$2 left=$((deadline - SECONDS)) resume=()
    shift 2
    if [ -f "$folder/model_index.json" ]; then
        return
    fi
    if [ "$left" -lt 1 ]; then
        echo "No time is left: run this again to go on with $folder."
        exit 0
    fi
    if compgen -G "$folder/checkpoint-*" >/dev/null; then
        resume=(--resume)
    fi
    codefusion train --preset "$PRESET" --language "$language" --output-dir "$folder" "${resume[@]}" \
        --skip-malformed --set tokenizer.slots=true --set tokenizer.neighbors=true --set training.bf16=true \
        --set training.torch_compile=true --set training.muon=true --set training.report_to=none \
        --set training.num_sample_prompts=0 --set "training.per_device_train_batch_size=$BATCH" \
        --set "training.max_minutes=$(awk -v s="$left" 'BEGIN { printf "%.2f", s / 60 }')" "$@" "${SETTINGS[@]}"
    if [ ! -f "$folder/model_index.json" ]; then
        echo "The time is over: run this again to go on with $folder."
        exit 0
    fi
}

for language in "${@:-bash}"; do
    folder=$OUT/$language
    mkdir -p "$folder"
    mapfile -t pairs < <(find "$DATA/$language" -maxdepth 1 -name '*.jsonl' ! -name 'validation*' ! -name 'test*' | sort)
    if [ ! -f "$folder/invented.jsonl" ]; then
        codefusion data synthesize "$language" --num-rows "$ROWS" --output "$folder/invented.jsonl"
    fi
    if [ ! -d "$folder/memory" ]; then
        codefusion memory build "${pairs[@]}" --cookbook --language "$language" --skip-malformed \
            --output-dir "$folder/memory"
    fi
    code=("${pairs[@]}" "$folder/invented.jsonl")
    for snippets in "$DATA/$language"/snippets{,.txt}; do
        if [ -e "$snippets" ]; then
            code+=("$snippets")
        fi
    done
    validation=()
    if [ -f "$DATA/$language/validation.jsonl" ]; then
        validation=(--validation-data "$DATA/$language/validation.jsonl")
    fi
    train "$folder/pretrained" "$language" --phase pretrain --train-data "${code[@]}" \
        --set "pretrain.max_steps=$PRETRAIN_STEPS"
    # Pairs of people count three times beside invented ones.
    train "$folder/model" "$language" --phase finetune --init-from "$folder/pretrained" --memory "$folder/memory" \
        --train-data "${pairs[@]}" "${pairs[@]}" "${pairs[@]}" "$folder/invented.jsonl" "${validation[@]}" \
        --set "finetune.max_steps=$STEPS" --set "training.neighbor_copy_steps=$((STEPS / 5))"
done
echo "All is done: codefusion generate --checkpoint $OUT/LANGUAGE/model \"...\""
