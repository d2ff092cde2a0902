namespace AnalogTorch.Tests.Docs;

/// <summary>Tests that change the current folder, of which a process has one: one after another.</summary>
[CollectionDefinition(nameof(CurrentFolder))]
public sealed class CurrentFolder;
