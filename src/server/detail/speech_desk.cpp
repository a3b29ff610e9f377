#include "server/detail/speech_desk.h"

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <sstream>
#include <unordered_map>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/log.h"
#include "speech/prompt_plan.h"
#include "speech_engine/prompt_maker.h"

namespace escucha::server {

namespace {

std::string_view words_of_sorry(speech::Language language) {
    return language == speech::Language::Es
               ? "Disculpe, ahora mismo no podemos decirle esto. Puede seguir con el teclado."
               : "We are sorry, we cannot tell you this right now. You can go on with the keypad.";
}

speech_engine::Engine engine_of(const Config& config) {
    speech_engine::Engine engine;
    engine.command.clear();
    std::istringstream words{config.speech_command};
    for (std::string word; words >> word;) engine.command.push_back(word);
    engine.id = config.speech_command;
    engine.voices = {{speech::Language::Es, config.speech_voice_es},
                     {speech::Language::En, config.speech_voice_en}};
    return engine;
}

}  // namespace

struct SpeechDesk::Impl {
    explicit Impl(const Config& config)
        : engine{engine_of(config)},
          prompts{config.prompts_dir()},
          maker{engine, config.shared_prompts_dir(), prompts} {}

    /// A name in the set of what is known to be rendered, where engine and voices are given; the
    /// file's own name costs a hash, too much for every sentence of every call.
    static std::string key(const speech::Clip& clip, speech::Language language) {
        std::string name{speech::code(language)};
        name.append("\n").append(clip.file).append("\n").append(clip.text);
        return name;
    }

    /// The company's own recording; its sound is ready as it lies there. Under the lock.
    [[nodiscard]] const std::string* recorded(CompanyId company, const speech::Clip& clip) const {
        if (clip.file.empty()) return nullptr;
        const auto shelf = library.find(company);
        if (shelf == library.end()) return nullptr;
        const auto found = shelf->second.find(clip.file);
        return found == shelf->second.end() ? nullptr : &found->second;
    }

    std::optional<std::string> render(CompanyId company,
                                      const speech::Clip& clip,
                                      speech::Language language) {
        {
            const std::shared_lock lock{mutex};
            if (const auto* path = recorded(company, clip)) return *path;
        }
        return render(clip, language);
    }

    std::optional<std::string> render(const speech::Clip& clip, speech::Language language) {
        auto made = maker.make(clip, language);
        if (!made) {
            log::warn("speech_failed", {{"why", made.error().message()}});
            return std::nullopt;
        }
        auto path = made.value().path.lexically_relative(prompts).generic_string();
        if (clip.reuse == speech::Reuse::Static) {
            const std::unique_lock lock{mutex};
            rendered[key(clip, language)] = path;
        }
        return path;
    }

    speech_engine::Engine engine;
    std::filesystem::path prompts;
    speech_engine::PromptMaker maker;
    // Read by the control strand, written by the desk's threads; held for a look-up only.
    mutable std::shared_mutex mutex;
    std::unordered_map<std::string, std::string> rendered;
    Library library;
    std::atomic<std::size_t> queued{0};
    std::atomic<bool> is_stopping{false};
    boost::asio::thread_pool warmer{1};
    boost::asio::thread_pool threads{kThreads};
};

// What is said when nothing can be said is rendered first of all.
SpeechDesk::SpeechDesk(const Config& config) : impl_{std::make_unique<Impl>(config)} {
    Texts sorry;
    for (const auto language : {speech::Language::Es, speech::Language::En}) {
        sorry.emplace_back(language, words_of_sorry(language));
    }
    warm(std::move(sorry));
}

SpeechDesk::~SpeechDesk() {
    impl_->is_stopping = true;
    impl_->threads.join();
    impl_->warmer.join();
}

std::optional<std::vector<std::string>> SpeechDesk::ready(
    CompanyId company,
    const std::vector<speech::Utterance>& what,
    speech::Language language) const {
    std::vector<std::string> paths;
    const std::shared_lock lock{impl_->mutex};
    for (const auto& clip : speech::join_plan(what, language)) {
        if (clip.reuse != speech::Reuse::Static) return std::nullopt;
        if (const auto* path = impl_->recorded(company, clip)) {
            paths.push_back(*path);
            continue;
        }
        const auto found = impl_->rendered.find(impl_->key(clip, language));
        if (found == impl_->rendered.end()) return std::nullopt;
        paths.push_back(found->second);
    }
    return paths;
}

void SpeechDesk::prepare(CompanyId company,
                         std::vector<speech::Utterance> what,
                         speech::Language language,
                         Done done) {
    if (impl_->queued.fetch_add(1) >= kMaxQueued) {
        impl_->queued.fetch_sub(1);
        return done(sorry(language));
    }
    boost::asio::post(impl_->threads,
                      [this, company, what = std::move(what), language, done = std::move(done)] {
                          std::vector<std::string> paths;
                          bool is_whole = true;
                          for (const auto& clip : speech::join_plan(what, language)) {
                              auto path = impl_->render(company, clip, language);
                              is_whole = is_whole && path.has_value();
                              if (path) paths.push_back(std::move(*path));
                          }
                          impl_->queued.fetch_sub(1);
                          done(is_whole ? std::optional{std::move(paths)} : sorry(language));
                      });
}

std::optional<std::vector<std::string>> SpeechDesk::sorry(speech::Language language) const {
    const std::vector<speech::Utterance> what{
        {.what = speech::Text{std::string{words_of_sorry(language)}}}};
    return ready(CompanyId{}, what, language);
}

void SpeechDesk::warm(Texts texts) {
    boost::asio::post(impl_->warmer, [this, texts = std::move(texts)] {
        for (const auto& [language, text] : texts) {
            if (impl_->is_stopping) return;
            const std::vector<speech::Utterance> what{{.what = speech::Text{text}}};
            for (const auto& clip : speech::join_plan(what, language))
                impl_->render(clip, language);
        }
        impl_->maker.prune(kMaxVariableBytes);
        log::info("prompts_warm", {{"texts", std::to_string(texts.size())}});
    });
}

void SpeechDesk::set_library(Library library) {
    const std::unique_lock lock{impl_->mutex};
    impl_->library = std::move(library);
}

Result<std::string> SpeechDesk::hold_music() {
    ESC_TRY(auto music, impl_->maker.hold_music());
    return music.path.lexically_relative(impl_->prompts).generic_string();
}

}  // namespace escucha::server
