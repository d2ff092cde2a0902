namespace AnalogTorch.Tests.Docs;

/// <summary>Links lead somewhere, and the first page is short.</summary>
public class PageTests
{
    private const int MostLinesOfTheReadme = 150;

    public static TheoryData<string> Pages => new(Page.All.Select(page => page.Path));

    [Theory]
    [MemberData(nameof(Pages))]
    public void LinksLeadSomewhere(string path)
    {
        var page = Page.All.Single(page => page.Path == path);
        Assert.Empty(page.Links.Select(link => Fault(page, link)).OfType<string>());
    }

    [Fact]
    public void TheReadmeIsShort() => Assert.InRange(Page.All.Single(page => page.Path == "README.md").Text.Count(letter => letter == '\n'), 1, MostLinesOfTheReadme);

    /// <summary>Packages are read where there is no repository beside them.</summary>
    [Fact]
    public void PackageReadmesLinkToAddressesAlone() => Assert.All(
        Page.All.Where(page => page.Path.EndsWith("PACKAGE.md", StringComparison.Ordinal)), page => Assert.All(page.Links, link => Assert.StartsWith("https://", link, StringComparison.Ordinal)));

    /// <summary>Every page of docs is in the table of contents, and every entry is a page.</summary>
    [Fact]
    public void TheTableOfContentsIsComplete()
    {
        var docs = Path.Combine(Repository.Root, "docs");
        var listed = File.ReadLines(Path.Combine(docs, "toc.yml")).Select(line => line.Trim()).Where(line => line.StartsWith("href: ", StringComparison.Ordinal))
            .Select(line => line["href: ".Length..]).Where(file => file.EndsWith(".md", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        var pages = Page.All.Where(page => page.Path.StartsWith("docs/", StringComparison.Ordinal)).Select(page => page.Path["docs/".Length..]).Order(StringComparer.Ordinal);
        Assert.Equal(pages, listed);
    }

    private static string? Fault(Page page, string link)
    {
        if (link.Contains("://", StringComparison.Ordinal))
            return link.StartsWith("https://", StringComparison.Ordinal) && Uri.TryCreate(link, UriKind.Absolute, out _) ? null : $"{link} is no address by https";
        var (file, anchor) = link.Split('#', 2) is [var before, var after] ? (before, after) : (link, "");
        var target = file.Length == 0 ? page.Path : Path.GetRelativePath(Repository.Root, Path.Combine(Repository.Root, Path.GetDirectoryName(page.Path)!, file)).Replace('\\', '/');
        if (!Path.Exists(Path.Combine(Repository.Root, target)))
            return $"{link} leads to {target}, which is not there";
        return anchor.Length == 0 || Page.All.SingleOrDefault(other => other.Path == target) is { } found && found.Anchors.Contains(anchor) ? null : $"{link} leads to a heading that is not there";
    }
}
