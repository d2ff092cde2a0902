namespace AnalogTorch.Tests.Packages;

/// <summary>The other ways to have AnalogTorch: languages, layouts of the output, file-based programs, references of references.</summary>
[Collection(nameof(OutsideProjects))]
[Trait("Category", "Long")]
public sealed class OtherOutsideProjectTests(OutsideProjects outside)
{
    [LongFact]
    public void FSharpByProjectReference() => RunsAfterBuild("fs1", "fsproj", OutsidePrograms.FSharp, OutsideFolder.ByProject + FSharpSource);

    [LongFact]
    public void FSharpByPackage() => RunsAfterBuild("fs2", "fsproj", OutsidePrograms.FSharp, ByPackage + FSharpSource);

    [LongFact]
    public void MlNetByPackage() => RunsAfterBuild("ml", "csproj", OutsidePrograms.MlNet, ByPackage);

    [LongFact]
    public void VisualBasicByProjectReference() => RunsAfterBuild("vb1", "vbproj", OutsidePrograms.VisualBasic, OutsideFolder.ByProject);

    [LongFact]
    public void VisualBasicByPackage() => RunsAfterBuild("vb2", "vbproj", OutsidePrograms.VisualBasic, ByPackage);

    [LongFact]
    public void OneFileByProject() => RunsFromOneFile("file1", $"#:project {Path.Combine(Repository.Root, "AnalogTorch", "AnalogTorch.csproj")}");

    [LongFact]
    public void OneFileByPackage()
    {
        Assert.NotEmpty(outside.Folder.Feed);
        RunsFromOneFile("file2", "#:package AnalogTorch@*");
    }

    [LongFact]
    public void OneLineInPlaceOfAProjectReference() =>
        RunsAfterBuild("import1", "csproj", OutsidePrograms.CSharp, OutsideFolder.Packages(OutsideFolder.NativePackage), OneLine);

    [LongFact]
    public void OneLineBesideAProjectReference() => RunsAfterBuild("import2", "csproj", OutsidePrograms.CSharp, OutsideFolder.ByProject, OneLine);

    [LongFact]
    public void AProgramWhoseLibraryRefersToTheProject()
    {
        outside.Folder.Write("library/library.csproj", OutsidePrograms.Project(OutsideFolder.Project("AnalogTorch"), properties: ""));
        outside.Folder.Build("library");
        RunsAfterBuild("indirect", "csproj", OutsidePrograms.CSharp,
            """<ProjectReference Include="../library/library.csproj" />""" + OutsideFolder.Packages(OutsideFolder.NativePackage));
    }

    [LongFact]
    public void ForOneSystem() => RunsWhenPublished("rid", OutsideFolder.ByProject, "--use-current-runtime", "--no-self-contained");

    [LongFact]
    public void ForOneSystemInASingleFile()
    {
        foreach (var (name, references) in new[] { ("single1", OutsideFolder.ByProject), ("single2", ByPackage) })
            RunsWhenPublished(name, references, "--use-current-runtime", "--no-self-contained", "-p:PublishSingleFile=true");
    }

    [LongFact]
    public void ForAnySystem()
    {
        foreach (var (name, references) in new[] { ("any1", OutsideFolder.ByProject), ("any2", ByPackage) })
            RunsWhenPublished(name, references);
    }

    private static string FSharpSource => """<Compile Include="Program.fs" />""";

    private static string OneLine => $"""<Import Project="{Path.Combine(Repository.Root, "AnalogTorch", "build", "Reference.props")}" />""";

    private string ByPackage
    {
        get
        {
            Assert.True(Directory.Exists(outside.Folder.Feed));
            return OutsideFolder.ByPackage;
        }
    }

    private void RunsAfterBuild(string name, string kind, string program, string references, string more = "")
    {
        Write(name, kind, program, references, more);
        outside.Folder.Build(name);
        Greets(outside.Folder.Dotnet("run", "--project", name, "-c", OutsideFolder.Configuration, "--no-build"));
    }

    private void RunsWhenPublished(string name, string references, params string[] options)
    {
        Write(name, "csproj", OutsidePrograms.CSharp, references, "");
        outside.Folder.Dotnet(["publish", name, "-c", OutsideFolder.Configuration, "-v", "q", "-o", $"{name}/published", .. options]);
        // The intermediate output has the libraries too, and must not be where they are found.
        Directory.Delete(outside.Folder.At(name, "bin"), recursive: true);
        Greets(outside.Folder.Start($"{name}/published/{name}"));
    }

    private void RunsFromOneFile(string name, string reference)
    {
        outside.Folder.Write($"{name}/{name}.cs", $"""
            #:property PublishAot=false
            {reference}
            #:package {OutsideFolder.NativePackage}@{OutsideFolder.VersionOf(OutsideFolder.NativePackage)}
            {OutsidePrograms.CSharp}
            """);
        Greets(outside.Folder.Dotnet("run", $"{name}/{name}.cs"));
    }

    private void Write(string name, string kind, string program, string references, string more)
    {
        outside.Folder.Write($"{name}/{name}.{kind}", OutsidePrograms.Project(references, more: more));
        outside.Folder.Write($"{name}/Program.{kind[..2]}", program);
    }

    private static void Greets(string output) => Assert.Contains(OutsidePrograms.Greeting, output, StringComparison.Ordinal);
}
