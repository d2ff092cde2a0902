namespace AnalogTorch.Tests.Packages;

/// <summary>Three projects outside the repository, restored and built together when the first of them is asked for.</summary>
[CollectionDefinition(nameof(OutsideProjects))]
public sealed class OutsideProjects : ICollectionFixture<OutsideProjects>, IDisposable
{
    private readonly Lazy<OutsideFolder> built;

    public OutsideProjects() => built = new Lazy<OutsideFolder>(Build);

    internal OutsideFolder Folder { get; } = new();

    public string Output(string project) => built.Value.At(project, "bin", OutsideFolder.Configuration, "net10.0");

    public string Run(string project, params string[] arguments) =>
        Folder.Dotnet(["exec", Path.Combine(Output(project), $"{project}.dll"), .. arguments]);

    public string Test(string project) => built.Value.Dotnet("test", project, "-c", OutsideFolder.Configuration, "--no-build", "-nologo");

    public void Dispose() => Folder.Dispose();

    private OutsideFolder Build()
    {
        Assert.NotEmpty(Folder.Feed);
        Folder.Write("console/console.csproj", OutsidePrograms.Project(OutsideFolder.ByProject));
        Folder.Write("console/Program.cs", OutsidePrograms.CSharp);
        Folder.Write("packaged/packaged.csproj", OutsidePrograms.Project(OutsideFolder.ByPackage));
        Folder.Write("packaged/Program.cs", OutsidePrograms.CSharp);
        Folder.Write("suite/suite.csproj", OutsidePrograms.SuiteProject);
        Folder.Write("suite/Suite.cs", OutsidePrograms.Suite);
        Folder.Write("outside.slnx", """
            <Solution>
              <Project Path="console/console.csproj" />
              <Project Path="packaged/packaged.csproj" />
              <Project Path="suite/suite.csproj" />
            </Solution>
            """);
        Folder.Build("outside.slnx");
        return Folder;
    }
}
