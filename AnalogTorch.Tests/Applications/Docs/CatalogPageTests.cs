namespace AnalogTorch.Tests.Docs;

public class CatalogPageTests
{
    private static readonly string Path = System.IO.Path.Combine(Repository.Root, "docs", "catalog.md");

    /// <summary>The committed page is the one that the code gives; set ANALOGTORCH_UPDATE_DOCS=1 to write it anew.</summary>
    [Fact]
    public void ThePageIsUpToDate()
    {
        var page = CatalogPage.Write();
        if (Environment.GetEnvironmentVariable("ANALOGTORCH_UPDATE_DOCS") == "1")
            File.WriteAllText(Path, page);
        Assert.Equal(page, File.ReadAllText(Path));
    }
}
