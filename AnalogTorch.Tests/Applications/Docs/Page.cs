using System.Text.RegularExpressions;

namespace AnalogTorch.Tests.Docs;

/// <summary>A page of the documentation.</summary>
/// <param name="Path">Its path below the repository's root, with slashes.</param>
/// <param name="Text">Its text.</param>
internal sealed partial record Page(string Path, string Text)
{
    private static readonly string[] Skipped = ["bin", "obj", "runs", "packages", "TestResults", "_site", "api"];

    /// <summary>All pages: those of the root, of <c>docs</c> and of every folder.</summary>
    public static IReadOnlyList<Page> All { get; } = [.. Find(Repository.Root).Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>The pages that readers are led to: README.md, CONTRIBUTING.md, and those of <c>docs</c>.</summary>
    public static IEnumerable<Page> Guides => All.Where(page => page.Path is "README.md" or "CONTRIBUTING.md" || page.Path.StartsWith("docs/", StringComparison.Ordinal));

    /// <summary>What links and images lead to, without what stands in code.</summary>
    public IEnumerable<string> Links => Link().Matches(Code().Replace(Fence().Replace(Text, ""), "")).Select(match => match.Groups[1].Value);

    /// <summary>Names that a link to a heading of the page has after its #.</summary>
    public IReadOnlySet<string> Anchors => Heading().Matches(Fence().Replace(Text, "")).Select(match => Slug(match.Groups[1].Value)).ToHashSet();

    /// <summary>The blocks of code of a language; of none for the empty name.</summary>
    public IEnumerable<string> Blocks(string language) => Fence().Matches(Text).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value);

    private static Page Read(string path) => new(System.IO.Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'), File.ReadAllText(path).ReplaceLineEndings("\n"));

    private static IEnumerable<string> Find(string folder) => Directory.EnumerateFiles(folder, "*.md").Concat(Directory.EnumerateDirectories(folder)
        .Where(sub => System.IO.Path.GetFileName(sub) is var name && name[0] != '.' && !Skipped.Contains(name)).SelectMany(Find));

    private static string Slug(string heading) => Dropped().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"^```(\w*)[^\n]*\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"`[^`\n]*`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Dropped();
}
