using AnalogTorch.Weaver;

// weaver ASSEMBLY REFERENCES: leads calls of an assembly to AnalogTorch; REFERENCES is a file with the path of one referenced assembly a line.
if (args is not [var assembly, var references])
{
    Console.Error.WriteLine("The weaver needs the path of an assembly, and that of a file that lists the assemblies it refers to.");
    return 2;
}
var led = CallWeaver.Weave(assembly, File.ReadAllLines(references));
Console.WriteLine(led < 0 ? $"{Path.GetFileName(assembly)}: left as it is" : $"{Path.GetFileName(assembly)}: {led} calls led to AnalogTorch");
return 0;
